//! The frame: every widget in its place.

/// A key, and what it does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHint {
    /// The key or keys, as people write them: `Space`, `c/C`.
    pub keys: String,
    /// What they do.
    pub what: String,
    /// Where they belong.
    pub group: KeyGroup,
}

/// What keys are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyGroup {
    /// Time and its speed.
    Time,
    /// The selected node. The key bar names it before the first of these.
    Node,
    /// Election timers.
    Timers,
    /// Links and partitions.
    Network,
    /// What is looked at.
    Look,
    /// Files, help, leaving.
    Rest,
}

impl KeyGroup {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 6] = [
        Self::Time,
        Self::Node,
        Self::Timers,
        Self::Network,
        Self::Look,
        Self::Rest,
    ];

    /// Its heading in the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Node => "The selected node",
            Self::Timers => "Timers",
            Self::Network => "Network",
            Self::Look => "Look",
            Self::Rest => "Rest",
        }
    }
}

/// What stands at a place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A node: on the ring, or its name in the logs.
    Node(crate::types::NodeId),
    /// A cell of a log.
    Entry {
        /// Whose log.
        node: crate::types::NodeId,
        /// Which entry.
        index: crate::types::LogIndex,
    },
    /// A line of the story, by its place.
    Line(usize),
    /// A row of the palette or of the list of saves, by its place.
    Row(usize),
    /// A pane, where nothing of the above stands.
    Pane(super::view::Pane),
    /// Nothing.
    Nothing,
}
