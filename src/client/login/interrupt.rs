//! Ctrl-C while somebody signs in.

use std::io::Read;
use std::sync::mpsc::Sender;
use std::thread;

use super::conversation::News;
use crate::interrupt;

/// From now on Ctrl-C is news, and does not end this process. Where the system has no descriptor left for that, it ends
/// it as ever.
pub(super) fn watch(news: Sender<News>) {
    let Ok(mut interrupts) = interrupt::watch() else { return };
    thread::spawn(move || {
        while matches!(interrupts.read(&mut [0]), Ok(1)) {
            let _ = news.send(News::Interrupted);
        }
    });
}
