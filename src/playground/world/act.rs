//! What a person or a script does to the world.

mod check;
mod choice;
mod links;
mod messages;
mod power;
mod request;
mod timers;

use bytes::Bytes;

use super::super::command::{Command, CommandError, milliseconds};
use super::super::host::{HostInput, Request};
use super::super::record::Happening;
use super::super::settings::Span;
use super::super::snapshot::Condition;
use super::World;
use crate::consensus::{Compaction, Limits, Protections, RoleName};
use crate::machine::Exhibit;
use crate::types::{JoinToken, MembershipChange, NodeId};
use power::CutPower;
use request::change_of;

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
            Command::CloseSession { to: None, session } => Command::CloseSession {
                to: self.leader(),
                session,
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
            Command::CloseSession { to, session } => {
                let id = self.name_proposal();
                self.hand(to.expect("it was resolved"), HostInput::CloseSession(id, session));
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
            Command::CutPower(id) => self.cut_power(id, CutPower::LosingEverything),
            Command::Tear(id) => self.cut_power(id, CutPower::Torn),
            Command::Restart(id) => self.restart(id),
            Command::Freeze(id) => self.server(id).condition = Condition::Frozen,
            Command::Thaw(id) => self.thaw(id),
            Command::FireTimer(id) => self.fire_now(id),
            Command::TieTimers(ids) => self.tie_timers(&ids),
            Command::SpreadTimers => self.spread_timers(),
            Command::Partition(groups) => self.part(groups),
            Command::CutOnly(links) => {
                self.network.heal();
                self.set_cut(&links, true);
            }
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
            Command::DiskFault { node, fault } => self.break_disk(node, fault),
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
            Command::Transfer(target) => {
                let leader = self.leader().expect("it was checked");
                self.transfer(leader, target);
            }
            Command::Join => {
                let token = JoinToken::new(self.next_proposal.number());
                self.reconfigure(MembershipChange::Join(token));
            }
            Command::JoinVia(seed) => self.join_via(seed),
            Command::Promote(_) | Command::Demote(_) | Command::Remove(_) | Command::Reconfigure { .. } => {
                self.reconfigure(change_of(&command).expect("it is one"));
            }
            Command::Via { node, command } => self.ask_at(node, &command),
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
            Command::Drop(message) => self.drop_message(message),
            Command::Hold(message) => self.hold(message),
            Command::Release(message) => self.release(message),
            Command::Deliver(message) => self.deliver_now(message),
            Command::Duplicate(message) => self.duplicate(message),
            Command::Manual(switch) => self.settings.manual = switch,
            Command::FinishWrite(id) => self.finish_write_now(id),
            Command::FinishSnapshot(id) => self.finish_snapshot_now(id),
            Command::GossipNow(id) => self.gossip_now(id),
            Command::Load(load) => self.set_load(load),
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
}
