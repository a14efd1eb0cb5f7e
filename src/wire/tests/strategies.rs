//! Random messages. Each is drawn by its code on the wire: a message that has none does not compile, and neither does a code that is not
//! drawn here.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{RECEIVER, SENDER};
use crate::types::{
    Address, AppendReply, AppendRequest, ChangeRefusal, ClusterTime, Configuration, ElectionOrigin, Entries,
    Entry, Envelope, Forward, ForwardReply, Gossip, Guarded, Incarnation, InstallSnapshot, JoinToken,
    LogIndex, LogPosition, MembershipChange, Message, NodeId, Payload, PreVoteReply, PreVoteRequest,
    ProposalId, ProposalOutcome, ProposalRefusal, ReadWay, Round, Route, RouteNews, RouteVersion,
    SerialNumber, SessionId, SnapshotReply, Term, TimeoutNow, TransferRefusal, VoteReply, VoteRequest, Wish,
};
use crate::wire::code::Kind;
use crate::wire::entries::Form;
use crate::wire::wish::{OutcomeCode, WishCode};

pub fn envelopes() -> impl Strategy<Value = Envelope> {
    let message = select(Kind::ALL).prop_flat_map(message);
    (numbers(), message).prop_map(|(term, message)| Envelope {
        from: SENDER,
        to: RECEIVER,
        term: Term::new(term),
        message,
    })
}

/// A message that a frame of this kind carries.
pub fn message(kind: Kind) -> BoxedStrategy<Message> {
    match kind {
        Kind::Append => append(entries().boxed()),
        Kind::Heartbeat => append(Just(Vec::new()).boxed()),
        Kind::Matched => (indices(), rounds())
            .prop_map(|(through, round)| AppendReply::Matched { through, round })
            .prop_map(Message::AppendReply)
            .boxed(),
        Kind::Diverged => (indices(), positions(), rounds())
            .prop_map(|(rejected, hint, round)| AppendReply::Diverged {
                rejected,
                hint,
                round,
            })
            .prop_map(Message::AppendReply)
            .boxed(),
        Kind::StaleAppend => Just(Message::AppendReply(AppendReply::StaleTerm)).boxed(),
        Kind::Piece => (
            positions(),
            configurations(),
            numbers(),
            numbers(),
            commands(),
            rounds(),
        )
            .prop_map(
                |(last, configuration, offset, total, data, round)| InstallSnapshot {
                    last,
                    configuration: configuration.into(),
                    offset,
                    total,
                    data,
                    round,
                },
            )
            .prop_map(Message::InstallSnapshot)
            .boxed(),
        Kind::Received => (positions(), numbers(), rounds())
            .prop_map(|(last, bytes, round)| SnapshotReply::Received { last, bytes, round })
            .prop_map(Message::SnapshotReply)
            .boxed(),
        Kind::StalePiece => Just(Message::SnapshotReply(SnapshotReply::StaleTerm)).boxed(),
        Kind::PreVoteRequest => (terms(), positions())
            .prop_map(|(asked, last)| Message::PreVoteRequest(PreVoteRequest { asked, last }))
            .boxed(),
        Kind::PreVoteGranted => terms()
            .prop_map(|asked| Message::PreVoteReply(PreVoteReply::Granted { asked }))
            .boxed(),
        Kind::PreVoteRefused => Just(Message::PreVoteReply(PreVoteReply::Refused)).boxed(),
        Kind::VoteRequest => vote_request(ElectionOrigin::Timeout),
        Kind::VoteRequestAfterTransfer => vote_request(ElectionOrigin::Transfer),
        Kind::VoteGranted => Just(Message::VoteReply(VoteReply::Granted)).boxed(),
        Kind::VoteRefused => Just(Message::VoteReply(VoteReply::Refused)).boxed(),
        Kind::TimeoutNow => positions()
            .prop_map(|last| Message::TimeoutNow(TimeoutNow { last }))
            .boxed(),
        Kind::Forward => (numbers(), numbers(), select(WishCode::ALL).prop_flat_map(wish))
            .prop_map(|(incarnation, id, wish)| Forward {
                incarnation: Incarnation::new(incarnation),
                id: ProposalId::new(id),
                wish,
            })
            .prop_map(Message::Forward)
            .boxed(),
        Kind::ForwardReply => (
            numbers(),
            numbers(),
            select(OutcomeCode::ALL).prop_flat_map(outcome),
        )
            .prop_map(|(incarnation, id, outcome)| ForwardReply {
                incarnation: Incarnation::new(incarnation),
                id: ProposalId::new(id),
                outcome,
            })
            .prop_map(Message::ForwardReply)
            .boxed(),
        Kind::GossipPush => news()
            .prop_map(|news| Message::Gossip(Gossip::Push(news)))
            .boxed(),
        Kind::GossipReply => news()
            .prop_map(|news| Message::Gossip(Gossip::Reply(news)))
            .boxed(),
    }
}

fn append(entries: BoxedStrategy<Vec<Entry>>) -> BoxedStrategy<Message> {
    let last_previous = u64::MAX - 1_000;
    (positions(), entries, indices(), rounds())
        .prop_map(move |(previous, entries, commit, round)| {
            let previous = LogPosition::new(previous.index.min(LogIndex::new(last_previous)), previous.term);
            Message::AppendRequest(AppendRequest {
                previous,
                entries: Entries::new(previous.index.next(), entries),
                commit,
                round,
            })
        })
        .boxed()
}

fn vote_request(origin: ElectionOrigin) -> BoxedStrategy<Message> {
    positions()
        .prop_map(move |last| Message::VoteRequest(VoteRequest { last, origin }))
        .boxed()
}

/// Few terms, few kinds and few lengths, several entries at once: so there are runs of every form.
pub fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let term = prop_oneof![4 => 0..3_u64, 1 => numbers()].prop_map(Term::new);
    let run = (term, select(Form::ALL)).prop_flat_map(|(term, form)| {
        vec(payload(form), 1..5).prop_map(move |payloads| {
            let entry = |payload| Entry { term, payload };
            payloads.into_iter().map(entry).collect::<Vec<_>>()
        })
    });
    vec(run, 1..6).prop_map(|runs| runs.concat())
}

fn payload(form: Form) -> BoxedStrategy<Payload> {
    match form {
        Form::Noop => Just(Payload::Noop).boxed(),
        Form::Commands => commands().prop_map(Payload::Command).boxed(),
        Form::Alike => vec(any::<u8>(), 16)
            .prop_map(|bytes| Payload::Command(bytes.into()))
            .boxed(),
        Form::Configurations => configurations()
            .prop_map(|configuration| Payload::Configuration(configuration.into()))
            .boxed(),
        Form::OpenSessions => durations()
            .prop_map(|timeout| Payload::OpenSession { timeout })
            .boxed(),
        Form::CloseSessions => numbers()
            .prop_map(|number| Payload::CloseSession(SessionId::new(number)))
            .boxed(),
        Form::Guarded => guarded().prop_map(Payload::Guarded).boxed(),
        Form::ClusterTimes => numbers()
            .prop_map(|nanos| Payload::ClusterTime(ClusterTime::from_nanos(nanos)))
            .boxed(),
    }
}

fn wish(code: WishCode) -> BoxedStrategy<Wish> {
    let change = |change| Wish::Reconfigure(change);
    match code {
        WishCode::Propose => commands().prop_map(Wish::Propose).boxed(),
        WishCode::OpenSession => durations()
            .prop_map(|timeout| Wish::OpenSession { timeout })
            .boxed(),
        WishCode::CloseSession => numbers()
            .prop_map(|number| Wish::CloseSession(SessionId::new(number)))
            .boxed(),
        WishCode::ProposeIn => guarded().prop_map(Wish::ProposeIn).boxed(),
        WishCode::ReadByLog => Just(Wish::Read(ReadWay::Log)).boxed(),
        WishCode::ReadByIndex => Just(Wish::Read(ReadWay::Index)).boxed(),
        WishCode::ReadByLease => Just(Wish::Read(ReadWay::Lease)).boxed(),
        WishCode::Join => numbers()
            .prop_map(move |token| change(MembershipChange::Join(JoinToken::new(token))))
            .boxed(),
        WishCode::Promote => nodes()
            .prop_map(move |node| change(MembershipChange::Promote(node)))
            .boxed(),
        WishCode::Demote => nodes()
            .prop_map(move |node| change(MembershipChange::Demote(node)))
            .boxed(),
        WishCode::Remove => nodes()
            .prop_map(move |node| change(MembershipChange::Remove(node)))
            .boxed(),
        WishCode::Replace => (ids(), ids())
            .prop_map(move |(voters, learners)| change(MembershipChange::Replace { voters, learners }))
            .boxed(),
        WishCode::Transfer => nodes().prop_map(Wish::Transfer).boxed(),
    }
}

fn outcome(code: OutcomeCode) -> BoxedStrategy<ProposalOutcome> {
    use ProposalOutcome::{ChangeRefused, Refused, TransferRefused};
    match code {
        OutcomeCode::Appended => positions().prop_map(ProposalOutcome::Appended).boxed(),
        OutcomeCode::Unknown => Just(ProposalOutcome::Unknown).boxed(),
        OutcomeCode::ReadAt => indices().prop_map(ProposalOutcome::ReadAt).boxed(),
        OutcomeCode::Joined => nodes().prop_map(ProposalOutcome::Joined).boxed(),
        OutcomeCode::TransferStarted => Just(ProposalOutcome::TransferStarted).boxed(),
        OutcomeCode::NotLeader => option::of(nodes())
            .prop_map(|leader| Refused(ProposalRefusal::NotLeader { leader }))
            .boxed(),
        OutcomeCode::Transferring => nodes()
            .prop_map(|target| Refused(ProposalRefusal::Transferring { target }))
            .boxed(),
        OutcomeCode::TooMuchUncommitted => (numbers(), numbers())
            .prop_map(|(weight, limit)| Refused(ProposalRefusal::TooMuchUncommitted { weight, limit }))
            .boxed(),
        OutcomeCode::TooLong => (numbers(), numbers())
            .prop_map(|(bytes, limit)| Refused(ProposalRefusal::TooLong { bytes, limit }))
            .boxed(),
        OutcomeCode::ChangeNotLeader => option::of(nodes())
            .prop_map(|leader| ChangeRefused(ChangeRefusal::NotLeader { leader }))
            .boxed(),
        OutcomeCode::ChangeTransferring => nodes()
            .prop_map(|target| ChangeRefused(ChangeRefusal::Transferring { target }))
            .boxed(),
        OutcomeCode::ChangeUnderWay => indices()
            .prop_map(|index| ChangeRefused(ChangeRefusal::UnderWay { index }))
            .boxed(),
        OutcomeCode::ChangeNothingCommitted => terms()
            .prop_map(|term| ChangeRefused(ChangeRefusal::NothingCommitted { term }))
            .boxed(),
        OutcomeCode::ChangeNoSuchServer => nodes()
            .prop_map(|node| ChangeRefused(ChangeRefusal::NoSuchServer(node)))
            .boxed(),
        OutcomeCode::ChangeNothingToChange => Just(ChangeRefused(ChangeRefusal::NothingToChange)).boxed(),
        OutcomeCode::ChangeNoVoters => Just(ChangeRefused(ChangeRefusal::NoVoters)).boxed(),
        OutcomeCode::ChangeTwoPlaces => nodes()
            .prop_map(|node| ChangeRefused(ChangeRefusal::TwoPlaces(node)))
            .boxed(),
        OutcomeCode::ChangeNoMoreIds => Just(ChangeRefused(ChangeRefusal::NoMoreIds)).boxed(),
        OutcomeCode::TransferNotLeader => option::of(nodes())
            .prop_map(|leader| TransferRefused(TransferRefusal::NotLeader { leader }))
            .boxed(),
        OutcomeCode::TransferNoSuchTarget => Just(TransferRefused(TransferRefusal::NoSuchTarget)).boxed(),
        OutcomeCode::TransferUnderWay => nodes()
            .prop_map(|target| TransferRefused(TransferRefusal::UnderWay { target }))
            .boxed(),
    }
}

/// Numbers of every length, and those at the ends of the lengths.
pub fn numbers() -> impl Strategy<Value = u64> {
    let edge =
        (0..64_u32, 0..3_u64).prop_map(|(bits, off)| (1_u64 << bits).wrapping_add(off).wrapping_sub(1));
    prop_oneof![3 => 0..300_u64, 1 => any::<u64>(), 1 => edge, 1 => Just(u64::MAX)]
}

fn indices() -> impl Strategy<Value = LogIndex> {
    numbers().prop_map(LogIndex::new)
}

fn terms() -> impl Strategy<Value = Term> {
    numbers().prop_map(Term::new)
}

fn rounds() -> impl Strategy<Value = Round> {
    numbers().prop_map(Round::new)
}

fn nodes() -> impl Strategy<Value = NodeId> {
    numbers().prop_map(NodeId::new)
}

fn positions() -> impl Strategy<Value = LogPosition> {
    (indices(), terms()).prop_map(|(index, term)| LogPosition::new(index, term))
}

fn durations() -> impl Strategy<Value = Duration> {
    (numbers(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn commands() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn guarded() -> impl Strategy<Value = Guarded> {
    (numbers(), numbers(), numbers(), commands()).prop_map(|(session, serial, acknowledged, command)| {
        Guarded {
            session: SessionId::new(session),
            serial: SerialNumber::new(serial),
            acknowledged: SerialNumber::new(acknowledged),
            command,
        }
    })
}

fn ids() -> impl Strategy<Value = BTreeSet<NodeId>> {
    btree_set(nodes(), 0..5)
}

fn configurations() -> impl Strategy<Value = Configuration> {
    let joined = btree_map(numbers().prop_map(JoinToken::new), nodes(), 0..3);
    (ids(), option::of(ids()), ids(), nodes(), joined).prop_map(
        |(voters, outgoing, learners, last_id, joined)| Configuration {
            voters,
            outgoing,
            learners,
            last_id,
            joined,
        },
    )
}

fn news() -> impl Strategy<Value = Vec<RouteNews>> {
    let address = "[!-~]{0,64}".prop_map(|text| Address::new(&text).unwrap_or_default());
    let version = (numbers(), numbers()).prop_map(|(incarnation, change)| RouteVersion {
        incarnation: Incarnation::new(incarnation),
        change,
    });
    let route = (address, version).prop_map(|(address, version)| Route { address, version });
    let news = (nodes(), route, durations()).prop_map(|(node, route, age)| RouteNews { node, route, age });
    vec(news, 0..4)
}
