//! What the person at the keyboard asks for, as data: keys, palette, mouse and tests all speak it.

use tui_input::InputRequest;

use super::because::Thing;
use super::view::{Motion, Pane, Speed, Tab, ThemeName};
use crate::playground::{Command, Condition, MessageId, NodeView};
use crate::types::{NodeId, VirtualTime};

/// Something to do. [`App::update`](super::app::App::update) is the only place that does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Time runs, or stands.
    ToggleRun,
    /// Time runs to the next line of the story.
    NextLine,
    /// Back to the line of the story before.
    PreviousLine,
    /// To the mark on the time line before or after.
    ToMark(Step),
    /// To the beginning.
    Home,
    /// To the end of what is known.
    End,
    /// To a time.
    GoTo(VirtualTime),
    /// To the moment of this name.
    GoToBookmark(String),
    /// This moment gets a name.
    Bookmark(String),
    /// Back to before the last action.
    Undo,
    /// Forward to where an action was taken back.
    Redo,
    /// Another branch is shown.
    Branch(String),
    /// Another branch is shown beside the one that is, at the same time.
    Compare(String),
    /// The next slower speed.
    Slower,
    /// The next faster speed.
    Faster,
    /// This speed.
    SetSpeed(Speed),
    /// This node is selected.
    Pick(NodeId),
    /// The node before or after the selected one is selected.
    PickNeighbour(Step),
    /// The leader is selected; where it is already, the next of several leaders.
    PickLeader,
    /// The leader is selected from now on, whoever that is.
    FollowLeader,
    /// Leaves what is open, or hides the notes, or follows the leader again.
    Back,
    /// Something is done to the selected node.
    OnSelected(Verb),
    /// A command is carried out.
    Do(Command),
    /// `x=1`, `x=2`, … is proposed.
    ProposeNext,
    /// Clients ask by themselves from now on, as often as they do by default, or no more.
    ToggleWorkload,
    /// A command for the state machine is proposed; at the selected node or the leader, where no node is named.
    Propose {
        /// The node.
        to: Option<NodeId>,
        /// Its text.
        command: String,
    },
    /// A line of the palette is run.
    Words(String),
    /// A question is asked in an overlay.
    Ask(Question),
    /// Why the newest line of the story happened.
    Why,
    /// Why this line of the story happened.
    WhyLine(usize),
    /// Why a thing on the screen is as it is.
    WhyOf(Thing),
    /// Why what is chosen in the list of messages, or pointed at in the logs, is as it is.
    WhyChosen,
    /// The keys.
    Help,
    /// Another step of the notes.
    TurnNotes(Step),
    /// The notes are shown or hidden.
    ShowNotes(bool),
    /// The records of a disk, where they are in sight, or else the logs are scrolled towards their start or end.
    Scroll(Step),
    /// One view after another fills the screen, then all share it again.
    CycleZoom,
    /// The screen is for a lecture hall, or for a desk again.
    TogglePresenter,
    /// This view fills the screen; `None`: all share it.
    Zoom(Option<Pane>),
    /// Only these lines of the story are shown; without words, all.
    Filter(String),
    /// Something is done to what is chosen in the list of messages.
    OnMessage(MessageVerb),
    /// The list of messages holds only what is about this node, or everything again.
    ListOnly(NodeId),
    /// Heartbeats are left out of the list of messages, or listed again.
    FoldMessages,
    /// Every event is taken in hand, or all happen by themselves again.
    ToggleManual,
    /// The inspector shows its next tab; where the screen has no room for it, all over the screen.
    NextTab,
    /// The inspector shows this tab, in the same way.
    ShowTab(Tab),
    /// Another link of the table of links is chosen.
    MoveLink(Way),
    /// The finger on the logs moves.
    MoveFinger(Reach),
    /// Something is done to the chosen link.
    OnLink(LinkVerb),
    /// Messages move, or do not.
    SetMotion(Motion),
    /// Other colours.
    SetTheme(ThemeName),
    /// The cluster is saved under a name.
    Save(String),
    /// A save is opened.
    Open(String),
    /// The commands so far are written to a file.
    Script(String),
    /// A code for all that was done goes into the clipboard, or into a file.
    Share(Option<String>),
    /// What happened between two moments is drawn into a file; without them, what led up to this moment.
    Lamport {
        /// The file.
        file: String,
        /// From when on, until when.
        stretch: Option<(VirtualTime, VirtualTime)>,
    },
    /// How far one is with the task that is done.
    Grade,
    /// A question of the task that is done, by its number, is answered.
    Answer(usize, String),
    /// The screen is written to a file as a picture.
    Export(String),
    /// What is open is confirmed.
    Confirm,
    /// The choice, or the line that is explained, moves.
    Choose(Step),
    /// The chosen candidate is put into the line that is typed.
    Complete,
    /// The line that is typed changes.
    Edit(InputRequest),
    /// Text is pasted into the line that is typed.
    Paste(String),
    /// A node moves into the current group of a partition on its way.
    MoveIntoGroup(NodeId),
    /// A partition on its way gets another group.
    NewGroup,
    /// The other end of a link is named.
    LinkTo(NodeId),
    /// A mouse button goes down here.
    Press(Place),
    /// It comes up here.
    Release(Place),
    /// The mouse moves here while the button is down.
    Drag(Place),
    /// The wheel turns here.
    Wheel(Place, Step),
    /// The screen has another size.
    Resize(Size),
    /// The program leaves.
    Leave(Exit),
    /// The program sleeps until the shell wakes it.
    Suspend,
}

impl Action {
    /// [`Save`](Self::Save) under this name.
    pub fn save(name: &str) -> Self {
        Self::Save(name.to_owned())
    }

    /// [`Open`](Self::Open) this.
    pub fn open(name: &str) -> Self {
        Self::Open(name.to_owned())
    }

    /// [`Script`](Self::Script) into this file.
    pub fn script(file: &str) -> Self {
        Self::Script(file.to_owned())
    }

    /// [`Export`](Self::Export) into this file.
    pub fn export(file: &str) -> Self {
        Self::Export(file.to_owned())
    }
}

/// Towards the start, or towards the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Left, up, older, earlier.
    Back,
    /// Right, down, newer, later.
    Forward,
}

/// What can be done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Its process dies.
    Crash,
    /// Its power goes.
    CutPower,
    /// It stands still.
    Freeze,
    /// It starts again, or goes on.
    BringBack,
    /// Its timer runs out now.
    FireTimer,
}

/// What can be done to a message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageVerb {
    /// It is taken off the wire.
    Drop,
    /// It is held.
    Hold,
    /// It goes on.
    Release,
    /// It arrives now.
    Deliver,
    /// It is sent once more.
    Duplicate,
}

impl MessageVerb {
    /// The command that does it.
    pub fn command(self, message: MessageId) -> Command {
        match self {
            Self::Drop => Command::Drop(message),
            Self::Hold => Command::Hold(message),
            Self::Release => Command::Release(message),
            Self::Deliver => Command::Deliver(message),
            Self::Duplicate => Command::Duplicate(message),
        }
    }
}

/// Where to on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// A column to the left.
    Left,
    /// A column to the right.
    Right,
}

/// Where a finger on the logs goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A cell on.
    Cell(Way),
    /// The node itself.
    Node,
    /// The last entry of the node.
    Last,
}

/// Something to do to a link, one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkVerb {
    /// Cut it, or mend it.
    Cut,
    /// Cut it both ways, or mend it.
    CutBothWays,
    /// Let it take twice as long.
    Slower,
    /// Let it take half as long.
    Quicker,
    /// Let it lose a tenth more.
    MoreLoss,
    /// Let it lose a tenth less.
    LessLoss,
}

/// What an overlay asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Words, beginning with these.
    Palette(&'static str),
    /// A value to propose.
    Propose,
    /// What is to be shown of the story.
    Filter,
    /// The groups of a partition.
    Partition,
    /// The other end of a link.
    Link {
        /// One way only.
        one_way: bool,
    },
    /// A message in flight, and what to do to it.
    Messages,
    /// A link, and what to do to it.
    Links,
    /// An entry of a log, or a node, to ask why it is as it is.
    Point,
    /// A name for a save.
    Save,
    /// A save to open.
    Open,
}

/// A cell of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the left, from 0.
    pub column: u16,
    /// From the top, from 0.
    pub row: u16,
}

/// The size of the screen in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Why the program leaves. Every way saves the cluster as `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The person asked for it.
    Quit,
    /// Ctrl-C, or SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Exit {
    /// The exit code: 0, or 128 and the signal's number, as shells count.
    pub const fn code(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl Verb {
    /// The command that does it to this node as it is now.
    pub fn command(self, node: &NodeView) -> Command {
        match self {
            Self::Crash => Command::Crash(node.id),
            Self::CutPower => Command::CutPower(node.id),
            Self::Freeze => Command::Freeze(node.id),
            Self::BringBack if node.condition == Condition::Frozen => Command::Thaw(node.id),
            Self::BringBack => Command::Restart(node.id),
            Self::FireTimer => Command::FireTimer(node.id),
        }
    }
}
