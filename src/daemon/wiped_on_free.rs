//! The allocator of every executable with the daemon in it: memory is wiped when it is freed, so that no copy of a
//! secret stays behind that a dependency has made (TLS buffers, JSON parsing).

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED_ON_FREE: ZeroAlloc<System> = ZeroAlloc(System);
