//! What comes of handing a line to a destination.

/// What became of an attempt to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The reader has it.
    Whole,
    /// The reader is there but takes nothing at the moment.
    Stuck,
    /// There is no reader.
    Nobody,
}
