//! The paper's rules, one test per sentence that says what a server does, named after it.
//!
//! "§" is a section of "In Search of an Understandable Consensus Algorithm (Extended Version)", Ongaro and Ousterhout,
//! 2014. Where a rule can be broken on purpose, its test shows both sides. The table has every sentence of Figures 2, 3 and 13 and of
//! §§5 to 8 that demands something of a server, in words of our own, and the test that holds this one to it. What stands in the
//! table is there: [`table`] reads it.
//!
//! | Where | What it demands | Held to it by |
//! |---|---|---|
//! | Figure 2, state | Term, vote and log are on stable storage before a request is answered | `disk::a_vote_is_granted_only_from_disk` `disk::a_vote_is_refused_only_from_disk` `disk::entries_are_acknowledged_only_from_disk` `disk::a_refusal_of_entries_leaves_only_with_its_term_on_disk` |
//! | Figure 2, state | What is persistent survives a restart, what is volatile does not | `disk::votes_and_entries_survive_a_restart_and_the_commit_index_does_not` `disk::a_power_cut_takes_only_what_nobody_was_told_of` |
//! | Figure 2, state | The current term begins at 0 and only grows | `state::the_current_term_is_0_on_first_boot_and_increases_monotonically` |
//! | Figure 2, state | The vote is the one of the current term, or none | `state::voted_for_is_the_candidate_that_got_the_vote_in_the_current_term_or_none` |
//! | Figure 2, state | An entry is a command and the term in which a leader took it; the first index is 1 | `state::each_entry_contains_the_command_and_the_term_when_the_leader_received_it_and_the_first_index_is_1` |
//! | Figure 2, state | Commit index and last applied begin at 0 and only grow | `state::commit_index_and_last_applied_are_0_at_first_and_increase_monotonically` |
//! | Figure 2, state | A new leader begins anew with next and match indices | `state::next_index_is_the_last_index_plus_1_and_match_index_0_after_each_election` |
//! | Figure 2, state | A match index only grows | `replication::a_match_index_increases_monotonically` `replication::the_next_index_is_always_past_the_match_index` |
//! | Figure 2, AppendEntries 1 | A request of an earlier term is refused | `terms::a_server_that_receives_a_request_with_a_stale_term_rejects_it` |
//! | Figure 2, AppendEntries 2 | So is one whose entry before is not in the log | `replication::if_the_follower_does_not_find_an_entry_with_the_same_index_and_term_it_refuses_the_new_entries` |
//! | Figure 2, AppendEntries 3 | An entry in conflict goes, with all after it, and nothing else does | `replication::if_an_existing_entry_conflicts_with_a_new_one_it_and_all_that_follow_are_deleted` `replication::entries_that_do_not_conflict_are_not_deleted` |
//! | Figure 2, AppendEntries 4 | What is not in the log yet is added | `replication::only_entries_not_already_in_the_log_are_appended` |
//! | Figure 2, AppendEntries 5 | The commit index follows the leader's, up to the last entry of the request | `replication::a_follower_commits_no_further_than_the_last_entry_of_the_request` |
//! | Figure 2, AppendEntries results | Success speaks of what the request named | `replication::a_follower_acknowledges_what_the_request_named_not_all_it_has` |
//! | Figure 2, RequestVote 1 | A candidate of an earlier term gets no vote | `terms::a_server_that_receives_a_request_with_a_stale_term_rejects_it` |
//! | Figure 2, RequestVote 2 | Who has not voted for another votes for a candidate whose log is not behind | `election::each_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served` `election::the_voter_denies_its_vote_if_its_own_log_is_more_up_to_date` |
//! | Figure 2, all servers | What is committed is applied, in order | `replication::once_a_follower_learns_that_an_entry_is_committed_it_applies_it` `replication::committing_an_entry_commits_all_that_precede_it_in_the_leaders_log` |
//! | Figure 2, all servers | A higher term in any message is taken on, and makes a follower | `terms::if_one_servers_current_term_is_smaller_than_the_others_it_updates_to_the_larger` `terms::if_a_candidate_or_leader_discovers_that_its_term_is_out_of_date_it_reverts_to_follower` |
//! | Figure 2, followers | They answer candidates and leaders | `election::followers_are_passive_they_issue_no_requests_on_their_own_but_simply_respond` |
//! | Figure 2, followers | Who hears nothing and grants nothing for an election timeout stands | `election::a_server_remains_in_follower_state_as_long_as_it_receives_valid_requests` `election::a_request_that_is_refused_does_not_reset_the_election_timer` |
//! | Figure 2, candidates | To stand is a new term, the own vote, a new timeout, and requests to all | `election::to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_other_server` |
//! | Figure 2, candidates | A majority of votes makes a leader | `election::a_candidate_wins_if_it_receives_votes_from_a_majority` |
//! | Figure 2, candidates | A leader's request makes a follower | `election::a_candidate_that_hears_from_a_leader_of_its_term_returns_to_follower_state` |
//! | Figure 2, candidates | The next timeout begins another election | `election::if_votes_are_split_each_candidate_times_out_and_starts_a_new_election` |
//! | Figure 2, leaders | Requests go out at once, and again while nothing happens | `election::once_a_candidate_wins_it_becomes_leader_and_sends_to_all_of_the_other_servers` `election::leaders_send_periodic_heartbeats_to_all_followers` |
//! | Figure 2, leaders | A command is added to the log, and answered once it is applied | `replication::the_leader_appends_the_command_as_a_new_entry_and_sends_it_to_each_other_server_in_parallel` `clusters::when_the_entry_has_been_safely_replicated_the_leader_applies_it_and_returns_the_result_of_that_execution_to_the_client` |
//! | Figure 2, leaders | Who lacks entries from its next index on gets them | `replication::the_leader_retries_indefinitely` `replication::a_lost_request_is_sent_again_when_a_heartbeat_finds_the_gap` |
//! | Figure 2, leaders | Success moves next and match, a mismatch moves next back | `replication::after_a_rejection_the_leader_goes_back_and_retries_until_the_logs_match` `replication::a_match_index_increases_monotonically` |
//! | Figure 2, leaders | An index of the own term that a majority has is committed | `replication::an_entry_is_committed_once_the_leader_that_created_it_has_replicated_it_on_a_majority` `replication::raft_never_commits_entries_from_previous_terms_by_counting_replicas` |
//! | Figure 3 | Election Safety | `leaders::election_safety` `core_properties::no_seed_breaks_a_property` `core_properties::one_vote_per_term_is_noticed` |
//! | Figure 3 | Leader Append-Only | `leaders::leader_append_only` `core_properties::no_seed_breaks_a_property` `replication::a_leader_never_overwrites_or_deletes_entries_in_its_log` |
//! | Figure 3 | Log Matching | `leaders::log_matching` `core_properties::no_seed_breaks_a_property` `core_properties::check_previous_entry_is_noticed` |
//! | Figure 3 | Leader Completeness | `leaders::leader_completeness` `core_properties::no_seed_breaks_a_property` `core_properties::up_to_date_check_is_noticed` |
//! | Figure 3 | State Machine Safety | `commits::state_machine_safety` `core_properties::no_seed_breaks_a_property` `core_properties::commit_own_term_only_is_noticed` |
//! | §5.1 | Followers ask nothing of others | `election::followers_are_passive_they_issue_no_requests_on_their_own_but_simply_respond` |
//! | §5.1 | A client's request to a follower leads to the leader | `clients::if_the_clients_first_choice_is_not_the_leader_that_server_rejects_the_request_and_names_the_most_recent_leader` `reroute::a_follower_takes_a_proposal_and_answers_when_it_has_applied_it` |
//! | §5.1 | Each election begins a new term, the next number | `election::to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_other_server` `election::if_votes_are_split_each_candidate_times_out_and_starts_a_new_election` |
//! | §5.1 | Terms go with every message; the larger wins | `terms::if_one_servers_current_term_is_smaller_than_the_others_it_updates_to_the_larger` |
//! | §5.1 | A candidate or leader that is out of date goes back to follower | `terms::if_a_candidate_or_leader_discovers_that_its_term_is_out_of_date_it_reverts_to_follower` |
//! | §5.1 | A request with a stale term is rejected | `terms::a_server_that_receives_a_request_with_a_stale_term_rejects_it` |
//! | §5.1 | Requests that bring no answer are made again, and go out in parallel | `replication::the_leader_retries_indefinitely` `replication::the_leader_appends_the_command_as_a_new_entry_and_sends_it_to_each_other_server_in_parallel` `election::if_votes_are_split_each_candidate_times_out_and_starts_a_new_election` |
//! | §5.2 | Servers start as followers | `election::when_servers_start_up_they_begin_as_followers` |
//! | §5.2 | A follower stays one while it hears from a leader or candidate | `election::a_server_remains_in_follower_state_as_long_as_it_receives_valid_requests` |
//! | §5.2 | Leaders send heartbeats to all | `election::leaders_send_periodic_heartbeats_to_all_followers` |
//! | §5.2 | Silence for an election timeout begins an election | `election::to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_other_server` |
//! | §5.2 | Votes of a majority in the same term win | `election::a_candidate_wins_if_it_receives_votes_from_a_majority` `election::the_same_voter_counts_once` `election::if_votes_are_split_each_candidate_times_out_and_starts_a_new_election` |
//! | §5.2 | One vote a term, to who comes first | `election::each_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served` `election::a_candidate_refuses_others_of_its_term` |
//! | §5.2 | Who wins tells all at once | `election::once_a_candidate_wins_it_becomes_leader_and_sends_to_all_of_the_other_servers` |
//! | §5.2 | A candidate accepts a leader whose term is not smaller, and no other | `election::a_candidate_that_hears_from_a_leader_of_its_term_returns_to_follower_state` `election::a_candidate_that_hears_from_a_leader_of_a_smaller_term_continues` |
//! | §5.2 | Where nobody wins each times out and stands again | `election::if_votes_are_split_each_candidate_times_out_and_starts_a_new_election` |
//! | §5.2 | Timeouts are drawn at random from a fixed interval | `clusters::election_timeouts_are_chosen_randomly_from_a_fixed_interval` |
//! | §5.2 | A candidate draws a new one for each election | `clusters::each_candidate_restarts_its_randomized_election_timeout_at_the_start_of_an_election` |
//! | §5.3 | The leader adds a command to its log and sends it in parallel | `replication::the_leader_appends_the_command_as_a_new_entry_and_sends_it_to_each_other_server_in_parallel` |
//! | §5.3 | It answers with the result once the entry is safe and applied | `clusters::when_the_entry_has_been_safely_replicated_the_leader_applies_it_and_returns_the_result_of_that_execution_to_the_client` |
//! | §5.3 | It retries for ever, also after it has answered | `replication::the_leader_retries_indefinitely` `replication::if_a_follower_crashes_the_leader_retries_indefinitely_and_the_requests_complete_once_it_restarts` |
//! | §5.3 | An entry of its own on a majority is committed, and all before it | `replication::an_entry_is_committed_once_the_leader_that_created_it_has_replicated_it_on_a_majority` `replication::committing_an_entry_commits_all_that_precede_it_in_the_leaders_log` |
//! | §5.3 | The highest committed index goes with every request, heartbeats too | `replication::the_leader_includes_the_highest_index_it_knows_to_be_committed_in_its_requests` |
//! | §5.3 | A follower that learns of a commitment applies the entry, in log order | `replication::once_a_follower_learns_that_an_entry_is_committed_it_applies_it` `state::commit_index_and_last_applied_are_0_at_first_and_increase_monotonically` |
//! | §5.3 | A leader makes one entry with an index in a term | `state::a_leader_creates_at_most_one_entry_with_a_given_index_in_a_given_term` |
//! | §5.3 | A request names the entry before its first; who lacks that refuses | `replication::if_the_follower_does_not_find_an_entry_with_the_same_index_and_term_it_refuses_the_new_entries` |
//! | §5.3 | Followers' logs become the leader's, whatever was in them | `replication::the_leader_brings_every_log_of_figure_7_in_line` `replication::if_an_existing_entry_conflicts_with_a_new_one_it_and_all_that_follow_are_deleted` |
//! | §5.3 | The next index begins just past the leader's last | `replication::when_a_leader_comes_to_power_next_is_just_after_the_last_index_in_its_log` |
//! | §5.3 | After a rejection it goes back until the logs match | `replication::after_a_rejection_the_leader_goes_back_and_retries_until_the_logs_match` |
//! | §5.3 | A rejection may name the term in conflict, to go back by whole terms | `replication::hints_skip_whole_terms_on_both_sides` |
//! | §5.3 | A leader overwrites and deletes nothing of its own log | `replication::a_leader_never_overwrites_or_deletes_entries_in_its_log` |
//! | §5.3 | One round to a majority is enough, however slow the rest are | `replication::a_single_slow_follower_does_not_impact_performance` |
//! | §5.4.1 | A vote request says how far the candidate's log goes | `election::to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_other_server` |
//! | §5.4.1 | A voter whose log is more up-to-date refuses: the later last term, else the longer log | `election::the_voter_denies_its_vote_if_its_own_log_is_more_up_to_date` |
//! | §5.4.2 | No entry of an earlier term is committed by counting | `replication::raft_never_commits_entries_from_previous_terms_by_counting_replicas` |
//! | §5.4.2 | With one of the own term, all before it are | `replication::committing_an_entry_commits_all_that_precede_it_in_the_leaders_log` |
//! | §5.4.2 | Entries keep their terms when they are replicated | `replication::entries_retain_their_original_term_numbers_when_a_leader_replicates_entries_from_previous_terms` |
//! | §5.4.3 | Entries are applied in log order | `state::commit_index_and_last_applied_are_0_at_first_and_increase_monotonically` `commits::entries_are_applied_in_order` |
//! | §5.5 | Requests to who has crashed are retried, and complete when it is back | `replication::if_a_follower_crashes_the_leader_retries_indefinitely_and_the_requests_complete_once_it_restarts` |
//! | §5.5 | Who crashed before it answered gets the same request again | `replication::if_a_server_crashes_after_completing_a_request_but_before_responding_it_receives_the_same_again` |
//! | §5.5 | Requests are idempotent | `replication::requests_can_be_repeated_without_harm` `late_messages::messages_from_any_moment_of_the_past_do_no_harm` |
//! | §5.6 | With messages much faster than timeouts there is a steady leader | `world::a_cluster_elects_a_leader_and_keeps_it` |
//! | §5.6 | Safety does not hang on timing | `core_properties::no_seed_breaks_a_property` |
//! | §6 | The cluster goes through a joint configuration, of old and new | `membership::log_entries_are_replicated_to_all_servers_in_both_configurations` |
//! | §6 | Servers of either may lead | `membership::any_server_from_either_configuration_may_serve_as_leader` |
//! | §6 | Elections and commitment need a majority of each | `membership::agreement_requires_separate_majorities_from_both_the_old_and_new_configurations` |
//! | §6 | Configurations are entries, and count from the moment they are in the log | `membership::a_server_always_uses_the_latest_configuration_in_its_log_regardless_of_whether_the_entry_is_committed` |
//! | §6 | Once the joint one is committed the leader makes the entry of the new | `membership::once_the_joint_consensus_has_been_committed_the_leader_creates_an_entry_describing_the_new_configuration` `membership::a_new_leader_leaves_the_joint_configuration_that_it_finds_once_that_is_committed` |
//! | §6 | Once the new one is in force, the old does not matter | `membership::once_the_joint_consensus_has_been_committed_the_leader_creates_an_entry_describing_the_new_configuration` |
//! | §6 | New servers get the log first, and do not count | `membership::new_servers_join_as_non_voting_members_which_are_not_considered_for_majorities` `membership::a_learner_is_promoted_after_a_round_that_took_less_than_an_election_timeout` |
//! | §6 | A leader that is not in the new configuration manages it without counting itself, and steps down once it is committed | `membership::a_leader_that_is_not_part_of_the_new_configuration_steps_down_once_it_has_committed_it` |
//! | §6 | Who believes in a leader disregards vote requests, and their terms | `thesis::who_has_just_heard_from_a_leader_ignores_a_candidate_and_its_term` `membership::a_removed_server_does_not_disrupt_a_cluster_that_checks_its_quorum` |
//! | §6 | Normal elections are not affected: everybody waits a timeout before it stands | `thesis::who_has_just_heard_from_a_leader_does_not_stand` |
//! | §7 | Each server takes snapshots by itself, of what is committed | `snapshots::each_server_takes_snapshots_independently_covering_just_the_committed_entries_in_its_log` |
//! | §7 | A snapshot keeps the index and term of its last entry, for the check of the next | `snapshots::the_last_included_index_and_term_are_preserved_for_the_consistency_check_for_the_first_entry_following_it` |
//! | §7 | And the configuration there | `snapshots::the_snapshot_includes_the_latest_configuration_in_the_log_as_of_the_last_included_index` |
//! | §7 | Once it is written, the log up to there may go, and so may an earlier snapshot | `snapshots::once_the_snapshot_completes_the_server_may_delete_all_log_entries_up_through_the_last_included_index` `snapshots::as_well_as_any_prior_snapshot` |
//! | §7 | Who needs an entry that is gone gets the snapshot | `snapshots::the_leader_sends_its_snapshot_when_it_has_already_discarded_the_next_log_entry_that_it_needs_to_send` |
//! | §7 | A snapshot past the log takes its place | `snapshots::discard_the_entire_log` |
//! | §7 | One of a prefix leaves what follows it | `snapshots::if_an_existing_entry_has_the_same_index_and_term_retain_log_entries_following_it_and_reply` |
//! | §7 | When to take one may go by the log's size in bytes | `snapshots::one_simple_strategy_is_to_take_a_snapshot_when_the_log_reaches_a_fixed_size_in_bytes` |
//! | §7 | To write one does not hold up what comes | `clusters::new_updates_can_be_accepted_while_a_snapshot_is_written_without_impacting_it` |
//! | Figure 13, 1 | A piece of an earlier term is refused at once | `snapshots::reply_immediately_if_term_is_less_than_current_term` |
//! | Figure 13, 2 | The first piece begins a snapshot | `snapshots::write_data_into_the_snapshot_at_the_given_offset_and_no_other` |
//! | Figure 13, 3 | Bytes go where the piece says | `snapshots::write_data_into_the_snapshot_at_the_given_offset_and_no_other` |
//! | Figure 13, 4 | Answer and wait while it is not whole | `snapshots::reply_and_wait_for_more_data_chunks_if_done_is_false` |
//! | Figure 13, 5 | An earlier one, whole or not, goes | `snapshots::discard_any_existing_or_partial_snapshot_with_a_smaller_index` `snapshots::a_piece_of_an_earlier_snapshot_does_not_undo_what_is_there_of_a_later_one` |
//! | Figure 13, 6 | Where the log has its last entry, what follows stays | `snapshots::if_an_existing_entry_has_the_same_index_and_term_retain_log_entries_following_it_and_reply` |
//! | Figure 13, 7 | Else all of the log goes | `snapshots::discard_the_entire_log` |
//! | Figure 13, 8 | The machine begins anew from it, and its configuration counts | `snapshots::reset_the_state_machine_using_the_snapshot_contents` `snapshots::an_uncommitted_configuration_that_the_snapshot_supersedes_goes_with_the_log` |
//! | §8 | Who does not lead refuses a client and names the leader | `clients::if_the_clients_first_choice_is_not_the_leader_that_server_rejects_the_request_and_names_the_most_recent_leader` |
//! | §8 | Commands carry serial numbers; one that was executed is answered again and not executed | `sessions::a_command_that_comes_again_is_answered_again_and_not_executed` `sessions::each_command_of_a_session_takes_effect_once_under_faults` |
//! | §8 | Reads need nothing in the log | `clients::read_only_operations_can_be_handled_without_writing_anything_into_the_log` |
//! | §8 | A leader knows what is committed: it begins its term with a no-op | `replication::a_leader_begins_its_term_with_a_blank_entry` `clients::a_leader_must_have_the_latest_information_on_which_entries_are_committed` |
//! | §8 | And hears from a majority before it answers a read | `clients::a_leader_exchanges_heartbeats_with_a_majority_before_it_responds_to_a_read` |

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

#[path = "paper/clients.rs"]
mod clients;
#[path = "paper/clusters.rs"]
mod clusters;
#[path = "paper/disk.rs"]
mod disk;
#[path = "paper/election.rs"]
mod election;
#[path = "paper/membership.rs"]
mod membership;
#[path = "paper/replication.rs"]
mod replication;
#[path = "paper/snapshots.rs"]
mod snapshots;
#[path = "paper/state.rs"]
mod state;
#[path = "paper/table.rs"]
mod table;
#[path = "paper/terms.rs"]
mod terms;
