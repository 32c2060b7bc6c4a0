//! Ctrl-C while somebody signs in.

use std::io::Read;
use std::sync::mpsc::Sender;
use std::thread;

use super::conversation::News;
use crate::interrupt;

/// From now on it is news, and does not end this process. Where that cannot be, it ends it as ever.
pub(super) fn watch(news: Sender<News>) {
    let Ok(mut interrupts) = interrupt::watch() else { return };
    thread::spawn(move || {
        while matches!(interrupts.read(&mut [0]), Ok(1)) {
            let _ = news.send(News::Interrupted);
        }
    });
}
