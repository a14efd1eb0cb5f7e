//! All words, by what they are about.

mod client;
mod cluster;
mod files;
mod message;
mod network;
mod node;
mod screen;
mod time;

use super::Word;

/// All words, as the palette lists them.
pub(in crate::ui::palette) fn words() -> impl Iterator<Item = &'static Word> {
    let tables = [
        time::WORDS,
        node::WORDS,
        client::WORDS,
        network::WORDS,
        message::WORDS,
        cluster::WORDS,
        screen::WORDS,
        files::WORDS,
    ];
    tables.into_iter().flatten()
}
