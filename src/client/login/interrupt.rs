//! Ctrl-C while somebody signs in.

use std::sync::mpsc::Sender;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use super::conversation::News;

/// From now on it is news, and does not end this process. To be called before any other thread is there; a browser that
/// is started has it as by default.
pub(super) fn watch(news: Sender<News>) {
    let interrupt: SigSet = [Signal::SIGINT].into_iter().collect();
    if interrupt.thread_block().is_err() {
        return;
    }
    thread::spawn(move || {
        while interrupt.wait().is_ok() {
            let _ = news.send(News::Interrupted);
        }
    });
}
