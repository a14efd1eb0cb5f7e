//! What can lie over the main screen.
//!
//! Another overlay is a variant here, with its mode; what it answers to in `app/overlay.rs`; how it is drawn and what the mouse finds in it in
//! `draw/over.rs`; its keys in the table, under its mode: key bar and keyboard go by that.

use tui_input::Input;

use super::because::Because;
use super::compare::Comparison;
use super::hand::Hand;
use super::view::{LinkChoice, OpenDialog, Palette, PartitionDraft, SaveDialog};
use crate::types::{LogIndex, NodeId};

/// What lies over the main screen. Prompts hold time.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The keys: this page of them, from 0.
    Help(usize),
    /// Why a line of the story happened: the line's place in the story.
    Why(usize),
    /// Why a thing on the screen is as it is.
    Because(Box<Because>),
    /// The palette.
    Palette(Palette),
    /// A value to propose is typed.
    Propose(Input),
    /// What is to be shown of the story is typed.
    Filter(Input),
    /// A partition is put together, previewed as walls.
    Partition(PartitionDraft),
    /// The second half of "cut the link to": the next digit says to whom.
    Link {
        /// From this node.
        from: NodeId,
        /// Both ways, or only from it.
        one_way: bool,
    },
    /// A save is chosen.
    Open(OpenDialog),
    /// The messages in flight, or all that can happen next.
    Messages(Hand),
    /// A name for a save is typed.
    Save(SaveDialog),
    /// Two branches side by side.
    Compare(Box<Comparison>),
    /// All links, one of which is chosen: from this node to that.
    Links(LinkChoice),
    /// A finger on the logs: on this entry of the selected node, or on the node itself.
    Point(Option<LogIndex>),
}

/// Where a key applies: on the main screen, or in what lies over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The main screen.
    Main,
    /// [`Overlay::Help`].
    Help,
    /// [`Overlay::Why`].
    Why,
    /// [`Overlay::Palette`].
    Palette,
    /// [`Overlay::Propose`].
    Propose,
    /// [`Overlay::Filter`].
    Filter,
    /// [`Overlay::Partition`].
    Partition,
    /// [`Overlay::Link`].
    Link,
    /// [`Overlay::Open`].
    Open,
    /// [`Overlay::Messages`].
    Messages,
    /// [`Overlay::Save`].
    Save,
    /// [`Overlay::Compare`].
    Compare,
    /// [`Overlay::Links`].
    Links,
    /// [`Overlay::Point`].
    Point,
}

impl Mode {
    /// The mode while this lies over the main screen.
    pub const fn of(overlay: Option<&Overlay>) -> Self {
        match overlay {
            None => Self::Main,
            Some(Overlay::Help(_)) => Self::Help,
            Some(Overlay::Why(_) | Overlay::Because(_)) => Self::Why,
            Some(Overlay::Palette(_)) => Self::Palette,
            Some(Overlay::Propose(_)) => Self::Propose,
            Some(Overlay::Filter(_)) => Self::Filter,
            Some(Overlay::Partition(_)) => Self::Partition,
            Some(Overlay::Link { .. }) => Self::Link,
            Some(Overlay::Open(_)) => Self::Open,
            Some(Overlay::Messages(_)) => Self::Messages,
            Some(Overlay::Save(_)) => Self::Save,
            Some(Overlay::Compare(_)) => Self::Compare,
            Some(Overlay::Links(_)) => Self::Links,
            Some(Overlay::Point(_)) => Self::Point,
        }
    }

    /// Whether letters are typed into a line.
    pub const fn types(self) -> bool {
        match self {
            Self::Palette | Self::Propose | Self::Filter | Self::Open | Self::Save => true,
            Self::Messages
            | Self::Main
            | Self::Help
            | Self::Why
            | Self::Partition
            | Self::Link
            | Self::Compare
            | Self::Links
            | Self::Point => false,
        }
    }
}
