//! What a person or a script does to the world.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::super::clock::Clock;
use super::super::command::{Command, CommandError, milliseconds};
use super::super::host::{HostInput, Request};
use super::super::network::InFlight;
use super::super::record::{ClientAnswer, Happening, Loss, Stop, Timer};
use super::super::settings::{LinkSettings, Span};
use super::super::snapshot::{Condition, MessageId};
use super::start::NODES_MAX;
use super::{Due, Slot, Waiting, World};
use crate::consensus::{Compaction, Limits, Protections, ReadWay, RoleName};
use crate::machine::Exhibit;
use crate::types::{
    JoinToken, LogIndex, MembershipChange, NodeId, ProposalId, SerialNumber, SessionId, VirtualTime,
    WriteSequence,
};

/// The most bytes in one proposed command.
const LONGEST_COMMAND: usize = 1 << 16;

/// Serial numbers stay below this one.
const LAST_SERIAL: u64 = 1 << 62;

impl<M: Exhibit + Default> World<M> {
    /// Carries out a command, now and before whatever else is due now.
    ///
    /// # Errors
    ///
    /// Says why it can't be carried out; the world is then as it was.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        self.check(&command)?;
        let resolved = match command {
            Command::Propose { to: None, command } => Command::Propose {
                to: self.leader(),
                command,
            },
            Command::OpenSession { to: None, timeout_ms } => Command::OpenSession {
                to: self.leader(),
                timeout_ms,
            },
            Command::ProposeIn {
                to,
                session,
                serial,
                command,
            } => Command::ProposeIn {
                to: to.or_else(|| self.leader()),
                session,
                serial: serial.or_else(|| Some(self.clients.next_serial(session))),
                command,
            },
            Command::Retry { to: None } => Command::Retry { to: self.leader() },
            Command::Read { at: None, query, way } => Command::Read {
                at: self.leader(),
                query,
                way,
            },
            other => other,
        };
        self.record(Happening::Commanded(resolved.clone()));
        self.act(resolved);
        self.halt_on_violation();
        Ok(())
    }

    /// The running leader of the highest term.
    pub fn leader(&self) -> Option<NodeId> {
        let leads = |id: &NodeId| self.nodes[id].role == RoleName::Leader;
        self.running().filter(leads).max_by_key(|id| self.nodes[id].term)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each command, and nothing else")]
    fn check(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Propose { to: None, command } => {
                check_length(command)?;
                self.leader().map(|_| ()).ok_or(CommandError::NoLeader)
            }
            Command::Propose {
                to: Some(id),
                command,
            } => {
                check_length(command)?;
                self.check_running(*id)
            }
            Command::OpenSession { to, timeout_ms } => {
                check_setting(
                    *timeout_ms > 0 && milliseconds(*timeout_ms) <= Span::LONGEST,
                    "a session lasts from 1 ms to an hour unused",
                )?;
                self.check_asked(*to)
            }
            Command::ProposeIn {
                to, serial, command, ..
            } => {
                check_length(command)?;
                check_setting(
                    serial.is_none_or(|serial| (1..LAST_SERIAL).contains(&serial.number())),
                    "serial numbers count from 1",
                )?;
                self.check_asked(*to)
            }
            Command::Retry { to } => {
                self.clients.last.as_ref().ok_or(CommandError::NothingToRetry)?;
                self.check_asked(*to)
            }
            Command::Read { at: None, query, .. } => {
                check_length(query)?;
                self.check_leader().map(drop)
            }
            Command::Read {
                at: Some(id), query, ..
            } => {
                check_length(query)?;
                self.check_up(*id)
            }
            Command::Crash(id) => self.check_running(*id),
            Command::CutPower(id) | Command::Readdress(id) => self.check_exists(*id),
            Command::Restart(id) => match self.condition(*id)? {
                Condition::Down => Ok(()),
                Condition::Up | Condition::Frozen => Err(CommandError::Up(*id)),
            },
            Command::Freeze(id) | Command::FireTimer(id) | Command::Snapshot(id) => self.check_up(*id),
            Command::Compact { entries, bytes, .. } => check_setting(
                *entries != Some(0) && *bytes != Some(0),
                "snapshots are at least one entry apart",
            ),
            Command::Chunk { bytes } => {
                check_setting(*bytes > 0, "a piece of a snapshot has at least one byte")
            }
            Command::Thaw(id) => match self.condition(*id)? {
                Condition::Frozen => Ok(()),
                Condition::Up => Err(CommandError::NotFrozen(*id)),
                Condition::Down => Err(CommandError::Down(*id)),
            },
            Command::Transfer(target) => {
                self.check_exists(*target)?;
                let leader = self.check_leader()?;
                if leader == *target {
                    Err(CommandError::Leads(leader))
                } else {
                    Ok(())
                }
            }
            Command::LoseRoute { at, of } if at == of => Err(CommandError::OwnRoute(*at)),
            Command::LoseRoute { at, of } => self.check_exists(*at).and_then(|()| self.check_exists(*of)),
            Command::Join | Command::JoinVia(_) if self.nodes.len() as u64 >= NODES_MAX => {
                Err(CommandError::TooMany(NODES_MAX))
            }
            Command::Join => self.check_leader().map(drop),
            Command::JoinVia(seed) => self.check_up(*seed),
            Command::Promote(id) | Command::Demote(id) | Command::Remove(id) => {
                self.check_exists(*id)?;
                self.check_leader().map(drop)
            }
            Command::Reconfigure { voters, learners } => {
                let mut named = voters.iter().chain(learners);
                named.try_for_each(|id| self.check_exists(*id))?;
                self.check_leader().map(drop)
            }
            Command::TieTimers(ids) => {
                ids.iter().try_for_each(|id| self.check_exists(*id))?;
                self.check_timers(ids)
            }
            Command::SpreadTimers => self.check_timers(&[]),
            Command::Partition(groups) => self.check_groups(groups),
            Command::Cut { from, to }
            | Command::Mend { from, to }
            | Command::CutOneWay { from, to }
            | Command::MendOneWay { from, to } => self.check_link(*from, *to),
            Command::Link { from, to, settings } => self.check_links(*from, *to, settings),
            Command::Disk { node, .. } => node.iter().try_for_each(|id| self.check_exists(*id)),
            Command::Drift { node, ppm } => {
                self.check_exists(*node)?;
                check_setting(
                    ppm.unsigned_abs() <= Clock::MOST_PPM.unsigned_abs(),
                    "a clock runs off by 90 % at most, fast or slow",
                )
            }
            Command::ElectionTimeout { min_ms, max_ms } => {
                let span = Span::new(milliseconds(*min_ms), milliseconds(*max_ms));
                check_setting(
                    *min_ms > 0 && span.is_some(),
                    "election timeouts go from 1 ms to an hour, shortest first",
                )
            }
            Command::Heartbeat { every_ms } => {
                let is_valid = *every_ms > 0 && milliseconds(*every_ms) <= Span::LONGEST;
                check_setting(is_valid, "heartbeats are 1 ms to an hour apart")
            }
            Command::Batch { entries } => check_setting(*entries > 0, "a request carries at least one entry"),
            Command::Heal
            | Command::UncommittedLimit { .. }
            | Command::AutoPromote(_)
            | Command::Reroute(_)
            | Command::Gossip(_)
            | Command::PreVote(_)
            | Command::CheckQuorum(_)
            | Command::Lease(_)
            | Command::Break(_)
            | Command::Keep(_) => Ok(()),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each command, and nothing else")]
    fn act(&mut self, command: Command) {
        match command {
            Command::Propose { to, command } => {
                self.propose(to.expect("it was resolved"), Bytes::from(command));
            }
            Command::OpenSession { to, timeout_ms } => {
                let id = self.name_proposal();
                let to = to.expect("it was resolved");
                self.hand(to, HostInput::OpenSession(id, milliseconds(timeout_ms)));
            }
            Command::ProposeIn {
                to,
                session,
                serial,
                command,
            } => {
                let place = (session, serial.expect("it was resolved"));
                self.propose_in(to.expect("it was resolved"), place, Bytes::from(command));
            }
            Command::Retry { to } => self.retry(to.expect("it was resolved")),
            Command::Read { at, query, way } => self.read(at.expect("it was resolved"), query, way),
            Command::Crash(id) => self.crash(id),
            Command::CutPower(id) => self.cut_power(id),
            Command::Restart(id) => self.restart(id),
            Command::Freeze(id) => self.server(id).condition = Condition::Frozen,
            Command::Thaw(id) => self.thaw(id),
            Command::FireTimer(id) => self.fire_now(id),
            Command::TieTimers(ids) => self.tie_timers(&ids),
            Command::SpreadTimers => self.spread_timers(),
            Command::Partition(groups) => self.part(groups),
            Command::Cut { from, to } => self.set_cut(&[(from, to), (to, from)], true),
            Command::Mend { from, to } => self.set_cut(&[(from, to), (to, from)], false),
            Command::CutOneWay { from, to } => self.set_cut(&[(from, to)], true),
            Command::MendOneWay { from, to } => self.set_cut(&[(from, to)], false),
            Command::Heal => self.network.heal(),
            Command::Link { from, to, settings } => self.set_links(from, to, settings),
            Command::Disk {
                node: Some(id),
                settings,
            } => self.server(id).disk = Some(settings),
            Command::Disk { node: None, settings } => {
                self.settings.disk = settings;
                self.nodes.values_mut().for_each(|server| server.disk = None);
            }
            Command::Drift { node, ppm } => {
                let now = self.now;
                let server = self.server(node);
                server.clock = server.clock.drifting(now, ppm);
            }
            Command::ElectionTimeout { min_ms, max_ms } => self.set_election_timeout(min_ms, max_ms),
            Command::Heartbeat { every_ms } => self.settings.heartbeat = milliseconds(every_ms),
            Command::Batch { entries } => self.change_limits(|limits| {
                limits.entries_per_request = usize::try_from(entries).unwrap_or(usize::MAX);
            }),
            Command::UncommittedLimit { bytes } => {
                self.change_limits(|limits| limits.uncommitted_weight = bytes);
            }
            Command::Snapshot(id) => self.hand(id, HostInput::TakeSnapshot),
            Command::Compact { entries, bytes, keep } => self.change_limits(|limits| {
                limits.compaction = Compaction::of(entries, bytes, keep);
            }),
            Command::Chunk { bytes } => self.change_limits(|limits| limits.chunk_bytes = bytes),
            Command::Transfer(target) => self.transfer(target),
            Command::Join => {
                let token = JoinToken::new(self.next_proposal.number());
                self.reconfigure(MembershipChange::Join(token));
            }
            Command::JoinVia(seed) => self.join_via(seed),
            Command::Promote(id) => self.reconfigure(MembershipChange::Promote(id)),
            Command::Demote(id) => self.reconfigure(MembershipChange::Demote(id)),
            Command::Remove(id) => self.reconfigure(MembershipChange::Remove(id)),
            Command::Reconfigure { voters, learners } => {
                let [voters, learners] = [voters, learners].map(|ids| ids.into_iter().collect());
                self.reconfigure(MembershipChange::Replace { voters, learners });
            }
            Command::AutoPromote(switch) => {
                self.settings.auto_promote = switch;
                self.tell_all(|world| Request::AutoPromote(world.settings.auto_promote));
            }
            Command::Reroute(switch) => {
                self.settings.reroute = switch;
                self.tell_all(|world| Request::Reroute(world.settings.reroute));
            }
            Command::Gossip(switch) => self.switch_gossip(switch),
            Command::LoseRoute { at, of } => self.lose_route(at, of),
            Command::Readdress(id) => self.readdress(id),
            Command::PreVote(switch) => self.change_protections(|protections| protections.pre_vote = switch),
            Command::Lease(switch) => self.change_protections(|protections| {
                protections.lease = switch;
                protections.check_quorum = protections.check_quorum.or(switch);
            }),
            Command::CheckQuorum(switch) => {
                self.change_protections(|protections| protections.check_quorum = switch);
            }
            Command::Break(rule) => {
                self.settings.rules = self.settings.rules.without(rule);
                self.tell_all(|world| Request::Rules(world.settings.rules));
            }
            Command::Keep(rule) => {
                self.settings.rules = self.settings.rules.with(rule);
                self.tell_all(|world| Request::Rules(world.settings.rules));
            }
        }
    }

    fn set_election_timeout(&mut self, min_ms: u64, max_ms: u64) {
        let span = Span::new(milliseconds(min_ms), milliseconds(max_ms));
        self.settings.election_timeout = span.expect("it was checked");
        self.tell_all(|world| Request::ElectionTimeout(world.settings.election_timeout.min()));
    }

    fn change_limits(&mut self, change: impl FnOnce(&mut Limits)) {
        change(&mut self.settings.limits);
        self.tell_all(|world| Request::Limits(world.settings.limits));
    }

    fn change_protections(&mut self, change: impl FnOnce(&mut Protections)) {
        change(&mut self.settings.protections);
        self.tell_all(|world| Request::Protections(world.settings.protections));
    }

    fn tell_all(&mut self, request: impl Fn(&Self) -> Request) {
        let running: Vec<NodeId> = self.running().collect();
        for id in running {
            let request = request(self);
            self.host.call(id, request);
        }
        for server in self.nodes.values_mut() {
            server.settings.raft.rules = self.settings.rules;
            server.settings.raft.limits = self.settings.limits;
            server.settings.raft.protections = self.settings.protections;
            server.settings.raft.auto_promote = self.settings.auto_promote;
            server.settings.raft.reroute = self.settings.reroute;
            server.settings.raft.election_timeout = self.settings.election_timeout.min();
        }
    }

    fn name_proposal(&mut self) -> ProposalId {
        let id = self.next_proposal;
        self.next_proposal = id.next();
        id
    }

    fn propose_in(&mut self, to: NodeId, place: (SessionId, SerialNumber), command: Bytes) {
        let id = self.name_proposal();
        let guarded = self.clients.propose_in(id, place, command);
        self.hand(to, HostInput::ProposeIn(id, guarded));
    }

    fn retry(&mut self, to: NodeId) {
        let last = self.clients.last.clone().expect("it was checked");
        match last.place {
            Some(place) => self.propose_in(to, place, last.command),
            None => self.propose(to, last.command),
        }
    }

    fn propose(&mut self, to: NodeId, command: Bytes) {
        let id = self.name_proposal();
        self.clients.propose(command.clone());
        let server = self.server(to);
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Proposal(id, command));
        }
        self.hand(to, HostInput::Propose(id, command));
    }

    fn read(&mut self, at: NodeId, query: String, way: ReadWay) {
        let id = self.name_proposal();
        self.watch.read_began(id);
        self.hand(at, HostInput::Read(id, way, Bytes::from(query)));
    }

    fn transfer(&mut self, target: NodeId) {
        let leader = self.leader().expect("it was checked");
        let id = self.name_proposal();
        self.hand(leader, HostInput::Transfer(id, target));
    }

    fn reconfigure(&mut self, change: MembershipChange) {
        let leader = self.leader().expect("it was checked");
        let id = self.name_proposal();
        self.hand(leader, HostInput::Reconfigure(id, change));
    }

    /// What waited is due now; the clients, who wait for nothing else, come first.
    fn thaw(&mut self, id: NodeId) {
        self.server(id).condition = Condition::Up;
        let backlog = std::mem::take(&mut self.server(id).backlog);
        let mut proposals = Vec::new();
        for waiting in backlog {
            match waiting {
                Waiting::Delivery(message) => self.schedule_delivery(message, self.now),
                Waiting::Sync(sequence) => self.schedule_sync(id, sequence),
                Waiting::Snapshot(index) => {
                    let slot = self.schedule(self.now, Due::Snapshot(id, index));
                    self.server(id).taking = Some((index, Some(slot)));
                }
                Waiting::Timer(timer) => {
                    let duration = self.timer_duration(id, timer);
                    self.set_timer(id, timer, self.now, duration);
                }
                Waiting::Proposal(proposal, command) => proposals.push((proposal, command)),
            }
        }
        self.postpone_later_syncs(id);
        for (proposal, command) in proposals {
            match self.server(id).condition {
                Condition::Up | Condition::Frozen => self.hand(id, HostInput::Propose(proposal, command)),
                // Its disk failed at one before.
                Condition::Down => self.answer(id, proposal, ClientAnswer::Unknown),
            }
        }
    }

    fn schedule_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let slot = self.schedule(self.now, Due::Sync(id, sequence));
        self.server(id).syncs.insert(sequence, slot);
    }

    /// Writes end in their order: one that is due now anyway comes after those before it that are due again.
    fn postpone_later_syncs(&mut self, id: NodeId) {
        let now = self.now;
        let syncs = self.server(id).syncs.clone();
        let is_in_order = syncs.values().is_sorted();
        for (sequence, slot) in syncs
            .into_iter()
            .filter(|(_, slot)| !is_in_order && slot.at == now)
        {
            self.queue.remove(&slot);
            self.schedule_sync(id, sequence);
        }
    }

    fn fire_now(&mut self, id: NodeId) {
        let timer = Timer::of(self.server(id).role);
        self.cancel_timer(id, timer);
        self.time_out(id, timer);
    }

    /// The election timers that run, of these nodes or of all.
    fn election_timers(&self, ids: &[NodeId]) -> Vec<(NodeId, Slot)> {
        let timers = self
            .nodes
            .iter()
            .filter(|(id, _)| ids.is_empty() || ids.contains(id));
        let running = timers.filter_map(|(id, server)| {
            let timer = server.timer.filter(|running| running.timer == Timer::Election)?;
            Some((*id, timer.slot))
        });
        running.collect()
    }

    fn tie_timers(&mut self, ids: &[NodeId]) {
        let timers = self.election_timers(ids);
        let Some(first) = timers.iter().map(|(_, slot)| slot.at).min() else {
            return;
        };
        let duration = first.since(self.now);
        for (id, _) in timers {
            self.set_timer(id, Timer::Election, first, duration);
        }
    }

    fn spread_timers(&mut self) {
        let timers = self.election_timers(&[]);
        let span = self.settings.election_timeout;
        let steps = u32::try_from(timers.len().saturating_sub(1).max(1)).unwrap_or(u32::MAX);
        for (place, (id, _)) in (0..).zip(timers) {
            let duration = span.min() + span.max().saturating_sub(span.min()) / steps * place;
            self.set_timer(id, Timer::Election, self.now.after(duration), duration);
        }
    }

    fn part(&mut self, groups: Vec<Vec<NodeId>>) {
        let mut parts: Vec<BTreeSet<NodeId>> = groups
            .into_iter()
            .map(BTreeSet::from_iter)
            .filter(|group| !group.is_empty())
            .collect();
        let named: BTreeSet<NodeId> = parts.iter().flatten().copied().collect();
        let alone = self
            .nodes
            .keys()
            .filter(|id| !named.contains(id))
            .map(|id| BTreeSet::from([*id]));
        parts.extend(alone.collect::<Vec<_>>());
        self.network.partition = parts;
        self.lose_blocked();
    }

    fn set_cut(&mut self, links: &[(NodeId, NodeId)], is_cut: bool) {
        for link in links {
            self.network.set_cut(*link, is_cut);
        }
        self.lose_blocked();
    }

    fn lose_blocked(&mut self) {
        let dropped = self.network.drop_blocked();
        self.lose_dropped(dropped, Loss::Cut);
    }

    /// What was taken off the wire is due no more.
    pub(super) fn lose_dropped(&mut self, dropped: Vec<(MessageId, InFlight)>, reason: Loss) {
        for (message, lost) in dropped {
            if let Some(order) = lost.order {
                self.queue.remove(&Slot { at: lost.due, order });
            } else {
                let backlog = &mut self.server(lost.envelope.to).backlog;
                backlog.retain(|waiting| *waiting != Waiting::Delivery(message));
            }
            self.record(Happening::Lost {
                message,
                envelope: lost.envelope,
                reason,
            });
        }
    }

    fn set_links(&mut self, from: Option<NodeId>, to: Option<NodeId>, settings: LinkSettings) {
        if from.is_none() && to.is_none() {
            self.settings.link = settings;
            self.network
                .links
                .values_mut()
                .for_each(|link| link.settings = None);
            return;
        }
        let ends = |end: Option<NodeId>| match end {
            Some(id) => vec![id],
            None => self.nodes.keys().copied().collect(),
        };
        let (senders, receivers) = (ends(from), ends(to));
        for &sender in &senders {
            for &receiver in receivers.iter().filter(|&&receiver| receiver != sender) {
                self.network.links.entry((sender, receiver)).or_default().settings = Some(settings);
            }
        }
    }

    fn check_up(&self, id: NodeId) -> Result<(), CommandError> {
        match self.condition(id)? {
            Condition::Up => Ok(()),
            Condition::Frozen => Err(CommandError::Frozen(id)),
            Condition::Down => Err(CommandError::Down(id)),
        }
    }

    /// A node that a client can ask now: the one it names, or the leader.
    fn check_asked(&self, to: Option<NodeId>) -> Result<(), CommandError> {
        match to {
            Some(id) => self.check_up(id),
            None => self.check_leader().map(drop),
        }
    }

    /// A leader that can be asked for something now.
    fn check_leader(&self) -> Result<NodeId, CommandError> {
        let leader = self.leader().ok_or(CommandError::NoLeader)?;
        match self.condition(leader)? {
            Condition::Frozen => Err(CommandError::Frozen(leader)),
            Condition::Up | Condition::Down => Ok(leader),
        }
    }

    fn check_timers(&self, ids: &[NodeId]) -> Result<(), CommandError> {
        if self.election_timers(ids).is_empty() {
            Err(CommandError::NoTimer)
        } else {
            Ok(())
        }
    }

    fn check_exists(&self, id: NodeId) -> Result<(), CommandError> {
        self.condition(id).map(|_| ())
    }

    fn check_running(&self, id: NodeId) -> Result<(), CommandError> {
        match self.condition(id)? {
            Condition::Up | Condition::Frozen => Ok(()),
            Condition::Down => Err(CommandError::Down(id)),
        }
    }

    fn condition(&self, id: NodeId) -> Result<Condition, CommandError> {
        let server = self
            .nodes
            .get(&id)
            .ok_or(CommandError::NoSuchNode(id, self.nodes.len()))?;
        Ok(server.condition)
    }

    fn check_link(&self, from: NodeId, to: NodeId) -> Result<(), CommandError> {
        self.check_exists(from)?;
        self.check_exists(to)?;
        if from == to {
            Err(CommandError::SelfLink(from))
        } else {
            Ok(())
        }
    }

    fn check_links(
        &self,
        from: Option<NodeId>,
        to: Option<NodeId>,
        settings: &LinkSettings,
    ) -> Result<(), CommandError> {
        match (from, to) {
            (Some(from), Some(to)) => self.check_link(from, to)?,
            (Some(end), None) | (None, Some(end)) => self.check_exists(end)?,
            (None, None) => {}
        }
        check_setting(
            settings.is_valid(),
            "a share of messages is at most 1000000 ppm, which is all of them",
        )
    }

    fn check_groups(&self, groups: &[Vec<NodeId>]) -> Result<(), CommandError> {
        let mut seen = BTreeSet::new();
        groups.iter().flatten().try_for_each(|&id| {
            self.check_exists(id)?;
            if seen.insert(id) {
                Ok(())
            } else {
                Err(CommandError::TwoGroups(id))
            }
        })
    }
}

fn check_length(command: &str) -> Result<(), CommandError> {
    check_setting(
        command.len() <= LONGEST_COMMAND,
        "a command has at most 65536 bytes",
    )
}

fn check_setting(is_valid: bool, sentence: &'static str) -> Result<(), CommandError> {
    if is_valid {
        Ok(())
    } else {
        Err(CommandError::Setting(sentence))
    }
}

/// Going down and coming back.
impl<M: Exhibit + Default> World<M> {
    fn crash(&mut self, id: NodeId) {
        self.stop(id, |unsynced_from| Stop::Crash { unsynced_from });
    }

    fn cut_power(&mut self, id: NodeId) {
        if self.server(id).condition != Condition::Down {
            self.end_process(id);
        }
        let before = self.last_on_disk(id);
        self.server(id).seen_down = None;
        let parked = self
            .server(id)
            .parked
            .as_mut()
            .expect("a node that is down has its disk");
        parked.disk.power_cut_losing_everything();
        let journal = parked.disk.drain_journal();
        let complaint = parked.mirror.as_mut().and_then(|mirror| mirror.follow(journal));
        self.complaints.extend(complaint);
        let after = self.last_on_disk(id);
        let lost = (after < before).then(|| (after.next(), before));
        self.record(Happening::Stopped {
            node: id,
            how: Stop::PowerCut { lost },
        });
    }

    /// A node that can't start stays down, and the story says why.
    fn restart(&mut self, id: NodeId) {
        if let Err(error) = self.start_node(id) {
            let reason = error.to_string();
            self.record(Happening::Stopped {
                node: id,
                how: Stop::Failed { reason },
            });
        }
    }
}

impl<M: Exhibit + Default> World<M> {
    /// Takes a node down, and tells its callers that nobody knows.
    pub(super) fn stop(&mut self, id: NodeId, how: impl FnOnce(Option<LogIndex>) -> Stop) {
        let unsynced = self.first_unsynced(id);
        let how = how(unsynced);
        if let Stop::Failed { reason } = &how {
            self.server(id).failure = Some(reason.clone());
        }
        self.end_process(id);
        self.record(Happening::Stopped { node: id, how });
    }

    fn end_process(&mut self, id: NodeId) {
        self.watch.stopped(id);
        let mut parked = self.host.stop(id);
        let mut open = std::mem::take(&mut parked.open_proposals);
        let server = self.server(id);
        server.condition = Condition::Down;
        server.role = RoleName::Follower;
        server.parked = Some(parked);
        let slots = server
            .syncs
            .values()
            .copied()
            .chain(server.timer.map(|running| running.slot))
            .chain(server.gossip.take())
            .chain(server.taking.take().and_then(|(_, slot)| slot));
        let slots: Vec<Slot> = slots.collect();
        server.syncs.clear();
        server.timer = None;
        server.last_sync_due = VirtualTime::default();
        let backlog = std::mem::take(&mut server.backlog);
        for slot in slots {
            self.queue.remove(&slot);
        }
        for waiting in backlog {
            match waiting {
                Waiting::Delivery(message) => self.lose(message, Loss::ReceiverDown),
                Waiting::Proposal(proposal, _) => open.push(proposal),
                Waiting::Timer(_) | Waiting::Sync(_) | Waiting::Snapshot(_) => {}
            }
        }
        for proposal in open {
            self.answer(id, proposal, ClientAnswer::Unknown);
        }
    }
}
