//! What a person does, by kind: `you crash`.

use std::fmt;
use std::str::FromStr;

use crate::playground::Command;

macro_rules! deeds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A kind of command, as a condition names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Deed {
            $($(#[$doc])* $name,)*
        }

        impl Deed {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

deeds! {
    /// To propose, in a session or not, or to have clients ask by themselves.
    Propose = "propose",
    /// To try again.
    Retry = "retry",
    /// To open a session or close one.
    Session = "session",
    /// To read.
    Read = "read",
    /// To crash a node or cut its power.
    Crash = "crash",
    /// To bring one back.
    Restart = "restart",
    /// To freeze one.
    Freeze = "freeze",
    /// To thaw one.
    Thaw = "thaw",
    /// To set timers, or have something happen now that was due later.
    Time = "time",
    /// To part the network.
    Part = "part",
    /// To cut a link.
    Cut = "cut",
    /// To mend a link, or all.
    Heal = "heal",
    /// To drop a message.
    Drop = "drop",
    /// To hold one.
    Hold = "hold",
    /// To let one go, or have it arrive.
    Deliver = "deliver",
    /// To send one twice.
    Duplicate = "duplicate",
    /// To have a server join.
    Join = "join",
    /// To change the membership otherwise.
    Reconfigure = "reconfigure",
    /// To have another lead.
    Transfer = "transfer",
    /// To have a snapshot taken, or snapshots in general.
    Compact = "compact",
    /// To break a rule.
    Break = "break",
    /// To keep one again.
    Keep = "keep",
    /// To change how links carry messages.
    Link = "link",
    /// To change how a disk behaves, or have it fail.
    Disk = "disk",
    /// To have a clock run fast or slow.
    Drift = "drift",
    /// To switch PreVote, CheckQuorum or leases.
    Protect = "protect",
    /// To change another setting.
    Set = "set",
}

impl Deed {
    /// The kind of a command.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Propose { .. } | Command::ProposeIn { .. } | Command::Load(_) => Self::Propose,
            Command::Retry { .. } => Self::Retry,
            Command::OpenSession { .. } | Command::CloseSession { .. } => Self::Session,
            Command::Read { .. } => Self::Read,
            Command::Crash(_) | Command::CutPower(_) | Command::Tear(_) => Self::Crash,
            Command::Restart(_) => Self::Restart,
            Command::Freeze(_) => Self::Freeze,
            Command::Thaw(_) => Self::Thaw,
            Command::FireTimer(_)
            | Command::TieTimers(_)
            | Command::SpreadTimers
            | Command::FinishWrite(_)
            | Command::FinishSnapshot(_)
            | Command::GossipNow(_) => Self::Time,
            Command::Partition(_) => Self::Part,
            Command::CutOnly(_)
            | Command::Cut { .. }
            | Command::CutOneWay { .. }
            | Command::LoseRoute { .. } => Self::Cut,
            Command::Mend { .. } | Command::MendOneWay { .. } | Command::Heal => Self::Heal,
            Command::Drop(_) => Self::Drop,
            Command::Hold(_) => Self::Hold,
            Command::Release(_) | Command::Deliver(_) => Self::Deliver,
            Command::Duplicate(_) => Self::Duplicate,
            Command::Join | Command::JoinVia(_) => Self::Join,
            Command::Promote(_) | Command::Demote(_) | Command::Remove(_) | Command::Reconfigure { .. } => {
                Self::Reconfigure
            }
            Command::Transfer(_) => Self::Transfer,
            Command::Via { command, .. } => Self::of(command),
            Command::Snapshot(_) | Command::Compact { .. } => Self::Compact,
            Command::Break(_) => Self::Break,
            Command::Keep(_) => Self::Keep,
            Command::Link { .. } => Self::Link,
            Command::Disk { .. } | Command::DiskFault { .. } => Self::Disk,
            Command::Drift { .. } => Self::Drift,
            Command::PreVote(_) | Command::CheckQuorum(_) | Command::Lease(_) => Self::Protect,
            Command::ElectionTimeout { .. }
            | Command::Heartbeat { .. }
            | Command::Batch { .. }
            | Command::UncommittedLimit { .. }
            | Command::Chunk { .. }
            | Command::AutoPromote(_)
            | Command::Reroute(_)
            | Command::Gossip(_)
            | Command::Readdress(_)
            | Command::Manual(_) => Self::Set,
        }
    }
}

impl FromStr for Deed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|deed| deed.word() == text);
        found.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|deed| deed.word()).collect();
            let text: String = text.chars().take(24).filter(|c| !c.is_control()).collect();
            format!("`{text}` is no deed; they are {}", words.join(", "))
        })
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
