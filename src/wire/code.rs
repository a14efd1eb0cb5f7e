//! Bytes that say which of several things follows.

use crate::types::{AppendReply, ElectionOrigin, Gossip, Message, PreVoteReply, SnapshotReply, VoteReply};

/// What one byte says.
pub(super) trait Code: Sized {
    /// What it says, for an error to name.
    const WHAT: &'static str;

    /// What a byte stands for.
    fn of_byte(byte: u8) -> Option<Self>;
}

/// Declares an enum each of whose variants is one byte on the wire.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($variant:ident = $byte:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum $name { $($variant,)+ }

        impl $name {
            /// All of them.
            #[cfg(test)]
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its byte.
            pub(super) const fn byte(self) -> u8 {
                match self { $(Self::$variant => $byte,)+ }
            }

        }

        impl $crate::wire::code::Code for $name {
            const WHAT: &'static str = $what;

            fn of_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use codes;

/// The kind of the frame that begins a link. It is the same in all versions.
pub(super) const HELLO: u8 = 0x00;

codes! {
    /// Whether something that may be missing follows.
    Presence, "whether there is one" {
        Absent = 0,
        Present = 1,
    }
}

codes! {
    /// The kind of a frame that carries a message.
    Kind, "a kind of frame" {
        Append = 0x01,
        Heartbeat = 0x02,
        Matched = 0x03,
        Diverged = 0x04,
        StaleAppend = 0x05,
        Piece = 0x08,
        Received = 0x09,
        StalePiece = 0x0a,
        PreVoteRequest = 0x10,
        PreVoteGranted = 0x11,
        PreVoteRefused = 0x12,
        VoteRequest = 0x14,
        VoteRequestAfterTransfer = 0x15,
        VoteGranted = 0x16,
        VoteRefused = 0x17,
        TimeoutNow = 0x18,
        Forward = 0x20,
        ForwardReply = 0x21,
        GossipPush = 0x28,
        GossipReply = 0x29,
    }
}

impl Kind {
    /// The kind that carries a message. What an answer says is part of the kind, so that an answer without values needs none.
    pub(super) fn of(message: &Message) -> Self {
        match message {
            Message::AppendRequest(request) if request.entries.is_empty() => Self::Heartbeat,
            Message::AppendRequest(_) => Self::Append,
            Message::AppendReply(AppendReply::Matched { .. }) => Self::Matched,
            Message::AppendReply(AppendReply::Diverged { .. }) => Self::Diverged,
            Message::AppendReply(AppendReply::StaleTerm) => Self::StaleAppend,
            Message::InstallSnapshot(_) => Self::Piece,
            Message::SnapshotReply(SnapshotReply::Received { .. }) => Self::Received,
            Message::SnapshotReply(SnapshotReply::StaleTerm) => Self::StalePiece,
            Message::PreVoteRequest(_) => Self::PreVoteRequest,
            Message::PreVoteReply(PreVoteReply::Granted { .. }) => Self::PreVoteGranted,
            Message::PreVoteReply(PreVoteReply::Refused) => Self::PreVoteRefused,
            Message::VoteRequest(request) => match request.origin {
                ElectionOrigin::Timeout => Self::VoteRequest,
                ElectionOrigin::Transfer => Self::VoteRequestAfterTransfer,
            },
            Message::VoteReply(VoteReply::Granted) => Self::VoteGranted,
            Message::VoteReply(VoteReply::Refused) => Self::VoteRefused,
            Message::TimeoutNow(_) => Self::TimeoutNow,
            Message::Forward(_) => Self::Forward,
            Message::ForwardReply(_) => Self::ForwardReply,
            Message::Gossip(Gossip::Push(_)) => Self::GossipPush,
            Message::Gossip(Gossip::Reply(_)) => Self::GossipReply,
        }
    }
}
