//! What the person at the keyboard has chosen to see: everything on the screen that is not in the world.

use std::collections::BTreeSet;

use tui_input::Input;

use super::action::Step;
use super::because::Cause;
use super::journey::Journey;
pub use super::overlay::Overlay;
use super::story::Story;
use crate::consensus::Flow;
use crate::lesson::Deed;
use crate::playground::{ClientsView, DiskRecords, MessageView, PeerView, RoleView, Snapshot};
use crate::types::{AppendReply, LogIndex, Message, NodeId, SnapshotReply, VirtualTime};

/// All that one frame is drawn from. The same scene gives the same frame.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The world at this moment.
    pub snapshot: &'a Snapshot,
    /// What is known to happen, oldest first, heartbeats folded away.
    pub story: &'a Story,
    /// Where in its time the world is shown.
    pub journey: &'a Journey,
    /// What the person has chosen to see.
    pub view: &'a View,
    /// What its clients do, where that is looked at.
    pub clients: Option<&'a ClientsView>,
    /// What stands on the selected node's disk, where that is looked at.
    pub disk: Option<&'a DiskRecords>,
}

/// What the person has chosen to see.
#[derive(Clone, Debug)]
pub struct View {
    /// The node that keys act on.
    pub selection: Selection,
    /// Whether time runs.
    pub pace: Pace,
    /// How fast.
    pub speed: Speed,
    /// What lies over the main screen, if anything.
    pub overlay: Option<Overlay>,
    /// The notes strip.
    pub notes: Notes,
    /// A short message, until the next key or its time is over.
    pub toast: Option<Toast>,
    /// The promise that was broken, if one was: its name and what broke it.
    pub violation: Option<Banner>,
    /// The first log index shown; `None` keeps the end in view.
    pub log_scroll: Option<u64>,
    /// The last line of the story shown, by its place; `None` keeps the newest in view.
    pub story_scroll: Option<usize>,
    /// The last write shown of a disk, counted over all of its log; `None` keeps the newest in view.
    pub disk_scroll: Option<u64>,
    /// The colours.
    pub theme: ThemeName,
    /// Whether only ASCII characters may be drawn.
    pub ascii: bool,
    /// How messages move.
    pub motion: Motion,
    /// Whether the screen is for a lecture hall: who leads and what happened last large, ring and logs, nothing else.
    pub presents: bool,
    /// The key that was pressed last, as it is called: who watches a screen sees no hands.
    pub last_key: Option<String>,
    /// Which of the views fills the screen, if one does.
    pub zoom: Option<Pane>,
    /// What the inspector shows.
    pub tab: Tab,
    /// The name of the scene that was loaded, if one was.
    pub title: Option<String>,
    /// The kinds of what may be done to the cluster, where not everything may.
    pub permitted: Option<Vec<Deed>>,
}

/// Which node keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The leader of the highest term, whoever that is; the first node where there is none.
    Leader,
    /// This node.
    Node(NodeId),
}

/// Whether time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It stands.
    Paused,
    /// It runs.
    Running,
    /// It runs until the next line of the story.
    ToNextLine,
}

/// How fast virtual time runs against the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// 1/40 while a vote, a non-empty append or an answer to one is in flight, else 1/8.
    Auto,
    /// `numerator / denominator`, from 1/1000 up.
    Times {
        /// Virtual time.
        numerator: u32,
        /// Against so much time on the wall.
        denominator: u32,
    },
    /// As fast as the machine can.
    Max,
}

/// A pane of the main screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The ring.
    Cluster,
    /// What happened.
    Story,
    /// All logs.
    Logs,
    /// What is looked at closely.
    Inspector,
}

/// What the inspector shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The selected node.
    #[default]
    Node,
    /// The branches of the run.
    Branches,
    /// The selected node's disk.
    Disk,
    /// What clients ask and are told.
    Clients,
}

impl Tab {
    /// Every tab, in the order in which they follow each other.
    pub const ALL: [Self; 4] = [Self::Node, Self::Branches, Self::Disk, Self::Clients];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Branches => "branches",
            Self::Disk => "disk",
            Self::Clients => "clients",
        }
    }

    /// The tab behind it; behind the last one comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

impl Speed {
    /// Virtual time and the time on the wall against it; `None` for as fast as the machine can.
    pub fn ratio(self, snapshot: &Snapshot) -> Option<(u32, u32)> {
        match self {
            Self::Auto
                if snapshot
                    .messages
                    .iter()
                    .any(|message| !is_routine(message, snapshot)) =>
            {
                Some((1, 40))
            }
            Self::Auto => Some((1, 8)),
            Self::Times {
                numerator,
                denominator,
            } => Some((numerator, denominator)),
            Self::Max => None,
        }
    }
}

/// Whether a message is a heartbeat, gossip, or the answer to an append that tells the leader what it knows already.
pub fn is_routine(message: &MessageView, snapshot: &Snapshot) -> bool {
    let envelope = &message.envelope;
    match &envelope.message {
        Message::AppendRequest(request) => request.entries.is_empty(),
        Message::InstallSnapshot(request) => request.data.is_empty(),
        Message::AppendReply(AppendReply::Matched { through, .. }) => {
            let known = known_of(envelope.from, envelope.to, snapshot);
            known.is_some_and(|peer| peer.matched >= *through)
        }
        Message::SnapshotReply(SnapshotReply::Received { bytes, .. }) => {
            let known = known_of(envelope.from, envelope.to, snapshot);
            known.is_some_and(|peer| match peer.flow {
                Flow::Snapshot(sending) => sending.received >= *bytes,
                Flow::Probe(_) | Flow::Replicate { .. } => true,
            })
        }
        Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm)
        | Message::SnapshotReply(SnapshotReply::StaleTerm)
        | Message::PreVoteRequest(_)
        | Message::PreVoteReply(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::ForwardReply(_)
        | Message::VoteRequest(_)
        | Message::VoteReply(_) => false,
        Message::Gossip(_) => true,
    }
}

/// What a leader knows of a follower.
fn known_of(follower: NodeId, leader: NodeId, snapshot: &Snapshot) -> Option<&PeerView> {
    match &snapshot.node(leader)?.role {
        RoleView::Leader { peers, .. } => peers.get(&follower),
        RoleView::Follower { .. } | RoleView::PreCandidate { .. } | RoleView::Candidate { .. } => None,
    }
}

/// The palette: a line of words, and what it could mean.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// What it could mean, best first.
    pub candidates: Vec<PaletteRow>,
    /// Which of them is chosen.
    pub chosen: usize,
    /// What is wrong with what is typed, if something is.
    pub error: Option<String>,
}

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteRow {
    /// The words: `crash 3`.
    pub words: String,
    /// What they do.
    pub explanation: String,
    /// The key that does the same, if one does.
    pub key: Option<String>,
}

/// A partition on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDraft {
    /// The groups, in the order shown; the first starts with the selected node.
    pub groups: Vec<BTreeSet<NodeId>>,
    /// The group that a digit moves a node into.
    pub target: usize,
}

/// The choice of a save to open.
#[derive(Clone, Debug, Default)]
pub struct OpenDialog {
    /// What the names must contain.
    pub filter: Input,
    /// The saves that are left.
    pub rows: Vec<OpenRow>,
    /// Which of them is chosen.
    pub chosen: usize,
    /// What the chosen one holds, in a few lines.
    pub preview: Vec<String>,
}

/// A save that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRow {
    /// Its name or path.
    pub name: String,
    /// Its title, or what is wrong with it.
    pub title: String,
    /// Where it comes from: `shipped`, or its folder.
    pub origin: String,
}

/// A link on the table of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkChoice {
    /// From this node.
    pub from: NodeId,
    /// To this one.
    pub to: NodeId,
}

/// A name for a save.
#[derive(Clone, Debug, Default)]
pub struct SaveDialog {
    /// What is typed.
    pub name: Input,
    /// The file that would be overwritten: the next Enter does it.
    pub overwrite: Option<String>,
}

/// The notes strip: a list of steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The steps.
    pub steps: Vec<crate::lesson::Step>,
    /// The one shown.
    pub current: usize,
    /// Whether its answer is, where it holds one.
    pub is_answered: bool,
    /// Whether the strip is hidden.
    pub hidden: bool,
}

impl Notes {
    /// The next step or the one before. An answer that is held comes first.
    pub fn turn(&mut self, step: Step) {
        let asks = self
            .steps
            .get(self.current)
            .is_some_and(crate::lesson::Step::asks);
        match step {
            Step::Forward if asks && !self.is_answered => self.is_answered = true,
            Step::Back if self.is_answered => self.is_answered = false,
            Step::Forward | Step::Back => {
                super::prompt::choose(&mut self.current, self.steps.len(), step);
                self.is_answered = false;
            }
        }
    }
}

/// A short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// Whether it tells of something that did not work.
    pub is_error: bool,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// The property: `Leader Completeness`.
    pub property: String,
    /// What broke it: `S5 leads term 5 without entry 2`.
    pub detail: String,
    /// When.
    pub at: VirtualTime,
}

/// How messages move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    /// Along their links, as time goes.
    #[default]
    Smooth,
    /// Not at all: each stands before its receiver until it is there, and the screen changes a few times a second.
    Reduced,
}

/// A theme's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// Light on dark, safe for the colour-blind.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// Few colours, far apart.
    HighContrast,
    /// No colour: bold, dim, reverse.
    Mono,
}

impl Default for View {
    fn default() -> Self {
        Self {
            selection: Selection::Leader,
            pace: Pace::Running,
            speed: Speed::Auto,
            overlay: None,
            notes: Notes::default(),
            toast: None,
            violation: None,
            log_scroll: None,
            story_scroll: None,
            disk_scroll: None,
            theme: ThemeName::default(),
            ascii: false,
            motion: Motion::Smooth,
            presents: false,
            last_key: None,
            zoom: None,
            tab: Tab::default(),
            title: None,
            permitted: None,
        }
    }
}

impl View {
    /// Where a proposal goes that names no node: to the selected node if it leads, else to the leader of the highest term.
    pub fn proposal_goal(&self, snapshot: &Snapshot) -> Option<NodeId> {
        let leaders = snapshot.leaders();
        let leads = |id: &NodeId| leaders.iter().any(|leader| leader.id == *id);
        let selected = self.selected(snapshot).filter(leads);
        selected.or(leaders.first().map(|leader| leader.id))
    }

    /// The node that keys act on now; `None` where there are no nodes.
    pub fn selected(&self, snapshot: &Snapshot) -> Option<NodeId> {
        let leader = || snapshot.leaders().first().map(|node| node.id);
        let first = || snapshot.nodes.first().map(|node| node.id);
        match self.selection {
            Selection::Node(id) if snapshot.node(id).is_some() => Some(id),
            Selection::Node(_) | Selection::Leader => leader().or_else(first),
        }
    }

    /// Whether this kind of deed may be done to the cluster.
    pub fn permits(&self, deed: Deed) -> bool {
        self.permitted
            .as_ref()
            .is_none_or(|permitted| permitted.contains(&deed))
    }

    /// The line of the story whose why is shown, by its place.
    pub fn explained(&self) -> Option<usize> {
        match &self.overlay {
            Some(Overlay::Why(line)) => Some(*line),
            Some(Overlay::Because(because)) => match because.cause {
                Cause::Line(line) => Some(line),
                Cause::Untold(_) => None,
            },
            Some(_) | None => None,
        }
    }

    /// Where the finger on the logs is, while there is one: on this entry of the selected node, or on the node itself.
    pub fn finger(&self) -> Option<Option<LogIndex>> {
        if let Some(Overlay::Point(entry)) = &self.overlay {
            Some(*entry)
        } else {
            None
        }
    }

    /// The partition that is put together.
    pub fn draft(&self) -> Option<&PartitionDraft> {
        if let Some(Overlay::Partition(draft)) = &self.overlay {
            Some(draft)
        } else {
            None
        }
    }
}
