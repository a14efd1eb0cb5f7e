use super::*;
use crate::consensus::Rule;
use crate::playground::{Command, DiskFault, DiskSettings, LinkSettings, Span};
use crate::types::NodeId;
use crate::ui::action::{Exit, Question, Step, Verb};
use crate::ui::testing::Keyboard;
use crate::ui::view::{Pane, Speed, ThemeName};

fn with_context<T>(work: impl FnOnce(&Context<'_>) -> T) -> T {
    let mut keyboard = Keyboard::new(5, 1);
    keyboard.press("3");
    work(&keyboard.app.context())
}

fn parsed(line: &str) -> Result<Action, String> {
    with_context(|context| parse(line, context))
}

fn node(number: u64) -> NodeId {
    NodeId::new(number)
}

fn link(from: Option<u64>, to: Option<u64>, settings: LinkSettings) -> Action {
    Action::Do(Command::Link {
        from: from.map(node),
        to: to.map(node),
        settings,
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn lines_mean_what_they_say() {
    let (one, two, four) = (node(1), node(2), node(4));
    let speed = |numerator, denominator| {
        Action::SetSpeed(Speed::Times {
            numerator,
            denominator,
        })
    };
    let propose = |to: Option<u64>, command: &str| Action::Propose {
        to: to.map(node),
        command: command.to_owned(),
    };
    let groups = |groups: &[&[u64]]| {
        let ids = |group: &&[u64]| group.iter().copied().map(node).collect();
        Action::Do(Command::Partition(groups.iter().map(ids).collect()))
    };
    let disk_fault = |fault| Action::Do(Command::DiskFault { node: one, fault });
    let default = LinkSettings::default();
    let table = [
        ("run", Action::ToggleRun),
        ("crash", Action::OnSelected(Verb::Crash)),
        ("crash 3", Action::Do(Command::Crash(node(3)))),
        ("  crash   S3 ", Action::Do(Command::Crash(node(3)))),
        ("power-cut 1", Action::Do(Command::CutPower(one))),
        ("tear 1", Action::Do(Command::Tear(one))),
        ("disk 1 fails", disk_fault(DiskFault::SyncsFail)),
        ("disk 1 full", disk_fault(DiskFault::Full(0))),
        ("disk 1 full 100", disk_fault(DiskFault::Full(100))),
        ("disk 1 mended", disk_fault(DiskFault::Mended)),
        ("restart 1", Action::Do(Command::Restart(one))),
        ("fire 2", Action::Do(Command::FireTimer(two))),
        ("node 4", Action::Pick(four)),
        ("partition 1,2|3,4,5", groups(&[&[1, 2], &[3, 4, 5]])),
        ("partition 1 2 | 3", groups(&[&[1, 2], &[3]])),
        ("partition 1", groups(&[&[1]])),
        ("partition", Action::Ask(Question::Partition)),
        ("speed 1/50", speed(1, 50)),
        ("speed 2", speed(2, 1)),
        ("speed 0.25", speed(250, 1000)),
        ("speed auto", Action::SetSpeed(Speed::Auto)),
        ("speed max", Action::SetSpeed(Speed::Max)),
        ("propose", Action::ProposeNext),
        ("propose 2 set x 7", propose(Some(2), "set x 7")),
        ("propose set x 7", propose(None, "set x 7")),
        ("propose x=7", propose(None, "x=7")),
        (
            "loss 1>4 30%",
            link(
                Some(1),
                Some(4),
                LinkSettings {
                    loss_ppm: 300_000,
                    ..default
                },
            ),
        ),
        (
            "loss 0.5%",
            link(
                None,
                None,
                LinkSettings {
                    loss_ppm: 5_000,
                    ..default
                },
            ),
        ),
        (
            "duplication 5",
            link(
                None,
                None,
                LinkSettings {
                    duplication_ppm: 50_000,
                    ..default
                },
            ),
        ),
        (
            "reordering 100%",
            link(
                None,
                None,
                LinkSettings {
                    reordering_ppm: 1_000_000,
                    ..default
                },
            ),
        ),
        (
            "latency 20..30",
            link(
                None,
                None,
                LinkSettings {
                    latency: Span::of_millis(20, 30),
                    ..default
                },
            ),
        ),
        (
            "latency 2>1 5ms",
            link(
                Some(2),
                Some(1),
                LinkSettings {
                    latency: Span::of_millis(5, 5),
                    ..default
                },
            ),
        ),
        (
            "disk 2 50..80",
            Action::Do(Command::Disk {
                node: Some(two),
                settings: DiskSettings {
                    latency: Span::of_millis(50, 80),
                },
            }),
        ),
        ("batch 1", Action::Do(Command::Batch { entries: 1 })),
        ("tie 1,2", Action::Do(Command::TieTimers(vec![one, two]))),
        ("tie", Action::Do(Command::TieTimers(Vec::new()))),
        (
            "timeout 150..155",
            Action::Do(Command::ElectionTimeout {
                min_ms: 150,
                max_ms: 155,
            }),
        ),
        ("heartbeat 50", Action::Do(Command::Heartbeat { every_ms: 50 })),
        (
            "break commit-own-term-only",
            Action::Do(Command::Break(Rule::CommitOwnTermOnly)),
        ),
        ("break", Action::Ask(Question::Palette("break "))),
        ("save before-the-crash", Action::save("before-the-crash")),
        ("open figure-7", Action::open("figure-7")),
        ("load with spaces", Action::open("with spaces")),
        ("script homework.ron", Action::script("homework.ron")),
        ("export picture.svg", Action::export("picture.svg")),
        ("theme light", Action::SetTheme(ThemeName::Light)),
        ("zoom logs", Action::Zoom(Some(Pane::Logs))),
        ("zoom off", Action::Zoom(None)),
        ("zoom", Action::CycleZoom),
        ("cut 1>4", Action::Do(Command::CutOneWay { from: one, to: four })),
        ("cut 1-4", Action::Do(Command::Cut { from: one, to: four })),
        ("mend 1 4", Action::Do(Command::Mend { from: one, to: four })),
        (
            "mend S1>S4",
            Action::Do(Command::MendOneWay { from: one, to: four }),
        ),
        ("heal", Action::Do(Command::Heal)),
        ("notes back", Action::TurnNotes(Step::Back)),
        ("quit", Action::Leave(Exit::Quit)),
    ];
    for (line, action) in table {
        assert_eq!(parsed(line), Ok(action), "{line}");
    }
}

#[test]
fn what_makes_no_sense_gets_a_sentence() {
    let table = [
        ("crash 9", "there is no S9; the nodes are S1 to S5"),
        ("crash x", "`x` is no node; name one as 3 or S3"),
        ("crash -1", "`-1` is no node; name one as 3 or S3"),
        (
            "crash 99999999999999999999",
            "`99999999999999999999` is no node; name one as 3 or S3",
        ),
        ("partition 1,2|2,3", "S2 stands in two groups"),
        (
            "partition 1,2,3,4,5",
            "one group is no partition; separate groups with |, as in 1,2|3,4,5",
        ),
        ("partition |", "a partition needs groups, as in 1,2|3,4,5"),
        (
            "speed 0",
            "`0` is no speed; try auto, 1/50, 1, 10 or max (from 1/1000 to 1000)",
        ),
        (
            "speed 1/0",
            "`1/0` is no speed; try auto, 1/50, 1, 10 or max (from 1/1000 to 1000)",
        ),
        (
            "speed 1/2000",
            "`1/2000` is no speed; try auto, 1/50, 1, 10 or max (from 1/1000 to 1000)",
        ),
        (
            "speed",
            "speed what? speed SPEED: virtual against real time: auto, 1/50, 1, max",
        ),
        (
            "loss 101%",
            "`101%` is no share; write one as 30% (from 0% to 100%)",
        ),
        (
            "loss much",
            "`much` is no share; write one as 30% (from 0% to 100%)",
        ),
        ("loss 1-4 30%", "name a direction: 1>4"),
        ("latency 30..20", "30..20: the first is the longer one"),
        (
            "latency soon",
            "`soon` is no span of milliseconds; write one as 20..30",
        ),
        ("latency 5000000", "5000000: longer than an hour"),
        (
            "timeout 0..5",
            "0..5: a timeout of no time never lets a leader be heard",
        ),
        ("timeout 9..5", "9..5: the first is the longer one"),
        ("batch 0", "`0` is not a number from 1 to 1000000"),
        ("cut 1>1", "S1 has no link to itself"),
        ("cut 14", "`14` is no link; name one as 1>4 (one way) or 1-4"),
        ("keep up-to-date-check", "up-to-date-check is kept"),
        ("theme pink", "`pink` is none of dark, light, high-contrast, mono"),
        ("heal 3", "nothing can stand here: `3`"),
        ("crsh 3", "there is no `crsh`; did you mean crash N?"),
        ("§", "there is no `§`; clear the line to see all words"),
    ];
    for (line, sentence) in table {
        assert_eq!(parsed(line), Err(sentence.to_owned()), "{line}");
    }
    let rules = parsed("break everything").unwrap_err();
    assert!(rules.starts_with("`everything` is no rule; the rules are commit-own-term-only, "));
}

#[test]
fn a_link_keeps_its_other_settings_when_loaded_too() {
    let lossy = LinkSettings {
        loss_ppm: 300_000,
        ..LinkSettings::default()
    };
    let slow = |settings| LinkSettings {
        latency: Span::of_millis(99, 99),
        ..settings
    };
    let check = |keyboard: &Keyboard| {
        let context = keyboard.app.context();
        let expected = link(Some(1), Some(4), slow(lossy));
        assert_eq!(parse("latency 1>4 99", &context), Ok(expected));
        let expected = link(Some(4), Some(1), slow(LinkSettings::default()));
        assert_eq!(parse("latency 4>1 99", &context), Ok(expected));
    };
    let mut keyboard = Keyboard::new(5, 1);
    keyboard.type_in(":loss 1>4 30%").press("Enter");
    check(&keyboard);
    keyboard
        .type_in(":save it")
        .press("Enter")
        .type_in(":open it")
        .press("Enter");
    assert_eq!(keyboard.app.scene().view.title.as_deref(), Some("it"));
    check(&keyboard);
}

fn listed(line: &str) -> Vec<String> {
    let words = |context: &Context<'_>| {
        let palette = open_with(line, context);
        palette.candidates.into_iter().map(|row| row.words).collect()
    };
    with_context(words)
}

fn open_with(line: &str, context: &Context<'_>) -> Palette {
    let mut palette = open("", context);
    palette.input = Input::new(line.to_owned());
    refresh(&mut palette, context);
    palette
}

#[test]
fn the_selected_node_comes_first_and_keys_are_shown() {
    with_context(|context| {
        let palette = open("", context);
        let first: Vec<_> = palette.candidates[..3]
            .iter()
            .map(|row| (row.words.as_str(), row.key.as_deref()))
            .collect();
        assert_eq!(
            first,
            [
                ("crash 3", Some("c")),
                ("power-cut 3", Some("C")),
                ("freeze 3", Some("f"))
            ]
        );
    });
}

#[test]
fn a_few_letters_find_the_word() {
    assert_eq!(listed("cra")[0], "crash 3");
    assert_eq!(listed("pwrc")[0], "power-cut 3");
    assert_eq!(listed("parti")[0], "partition GROUPS");
    assert_eq!(
        listed("dies")[0],
        "crash 3",
        "by what it does, where no word matches"
    );
}

#[test]
fn what_can_be_run_as_typed_comes_first() {
    assert_eq!(listed("speed 1/50")[0], "speed 1/50");
    assert_eq!(listed("heal")[0], "heal");
}

#[test]
fn rules_are_listed_with_their_sentences() {
    with_context(|context| {
        let palette = open("break ", context);
        assert_eq!(palette.candidates.len(), Rule::ALL.len() + 1);
        let row = &palette.candidates[0];
        assert_eq!(row.words, "break commit-own-term-only");
        assert!(row.explanation.ends_with("(§5.4.2)"), "{}", row.explanation);
    });
    assert_eq!(listed("break own")[0], "break own-term-commit-before-change");
}

#[test]
fn tab_fills_in_what_is_certain() {
    with_context(|context| {
        let mut palette = open_with("parti", context);
        complete(&mut palette, context);
        assert_eq!(palette.input.value(), "partition ");
        let mut palette = open_with("freez", context);
        complete(&mut palette, context);
        assert_eq!(palette.input.value(), "freeze 3");
    });
}

#[test]
fn enter_runs_or_asks_for_what_is_missing() {
    with_context(|context| {
        let mut palette = open_with("cra", context);
        assert_eq!(
            enter(&mut palette, context),
            Entered::Run(Action::Do(Command::Crash(node(3))))
        );
        let mut palette = open_with("timeo", context);
        assert_eq!(enter(&mut palette, context), Entered::Stay);
        assert_eq!(palette.input.value(), "timeout ");
        let mut palette = open_with("crash 9", context);
        assert_eq!(enter(&mut palette, context), Entered::Stay);
        assert_eq!(
            palette.error.as_deref(),
            Some("there is no S9; the nodes are S1 to S5")
        );
        let mut palette = open_with("zzzz", context);
        assert_eq!(enter(&mut palette, context), Entered::Stay);
        assert!(palette.error.is_some());
    });
}

fn shaped(form: &str) -> std::collections::BTreeSet<(u64, u64)> {
    match parsed(&format!("shape {form}")) {
        Ok(Action::Do(Command::CutOnly(links))) => {
            let pairs = links.iter().map(|(from, to)| (from.number(), to.number()));
            pairs.collect()
        }
        other => panic!("{form}: {other:?}"),
    }
}

/// Five nodes of which the third is selected.
#[test]
fn a_network_takes_forms() {
    let pairs = |is_cut: fn(u64, u64) -> bool| {
        let all = (1..=5).flat_map(|from| (1..=5).map(move |to| (from, to)));
        all.filter(|&(from, to)| from != to && is_cut(from, to)).collect()
    };
    assert_eq!(
        shaped("ring"),
        pairs(|from, to| !matches!(from.abs_diff(to), 1 | 4))
    );
    assert_eq!(shaped("star"), pairs(|from, to| from != 3 && to != 3));
    assert_eq!(shaped("star 1"), pairs(|from, to| from != 1 && to != 1));
    assert_eq!(
        shaped("bridge"),
        pairs(|from, to| from != 3 && to != 3 && (from < 3) != (to < 3))
    );
    assert_eq!(shaped("one-way 2"), pairs(|from, _| from == 2));
    assert_eq!(
        parsed("shape minority 4"),
        Ok(Action::Do(Command::Partition(vec![
            vec![node(4), node(1)],
            vec![node(2), node(3), node(5)]
        ])))
    );
    assert!(matches!(
        parsed("shape flaky"),
        Ok(Action::Do(Command::Link {
            from: None,
            to: None,
            ..
        }))
    ));
    assert!(parsed("shape circle").unwrap_err().contains("none of ring"));
    assert!(parsed("shape star 9").unwrap_err().contains("no S9"));
}

#[test]
fn a_word_means_one_thing() {
    let mut names: Vec<&str> = words()
        .flat_map(|word| word.aliases.iter().copied().chain([word.name]))
        .collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_word_is_usable_as_its_usage_says() {
    for word in words() {
        assert!(word.usage.starts_with(word.name), "{}", word.name);
        assert!(word.what.chars().count() <= 52, "{}: {}", word.name, word.what);
        let needs_more = fixed_part(word.usage) != word.usage;
        let bare = with_context(|context| (word.parse)("", context));
        assert!(needs_more || bare.is_ok(), "{}", word.name);
    }
}

#[test]
fn what_the_leader_does_can_be_asked_for_at_another_node() {
    let via = |command| {
        Ok(Action::Do(Command::Via {
            node: node(3),
            command: Box::new(command),
        }))
    };
    assert_eq!(parsed("promote 2"), Ok(Action::Do(Command::Promote(node(2)))));
    assert_eq!(parsed("promote 2 via 3"), via(Command::Promote(node(2))));
    assert_eq!(parsed("demote 2 via S3"), via(Command::Demote(node(2))));
    assert_eq!(parsed("remove 2  via 3"), via(Command::Remove(node(2))));
    assert_eq!(parsed("transfer 2 via 3"), via(Command::Transfer(node(2))));
    let (voters, learners) = (vec![node(1), node(2)], vec![node(4)]);
    assert_eq!(
        parsed("voters 1,2 + 4 via 3"),
        via(Command::Reconfigure { voters, learners })
    );
    assert!(parsed("promote via 3").is_err());
    assert!(parsed("promote 2 via 9").unwrap_err().contains("no S9"));
}

#[test]
fn to_forget_every_known_route_is_offered() {
    let offered = listed("forget ");
    assert_eq!(offered.len(), 5 * 4 + 1, "{offered:?}");
    assert_eq!(offered[0], "forget 1 of 2");
}

#[test]
fn every_completion_is_accepted() {
    with_context(|context| {
        for word in words() {
            for (argument, _) in (word.complete)(context) {
                let line = format!("{} {argument}", word.name);
                assert!(parse(&line, context).is_ok(), "{line}");
            }
        }
    });
}

#[test]
fn messages_in_flight_are_listed_and_named_by_their_numbers() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n");
    let context = keyboard.app.context();
    let append = context.snapshot.messages.last().expect("it is on its way").id;
    let palette = open("drop ", &context);
    let listed = palette.candidates.iter().map(|row| row.words.as_str());
    let wanted = format!("drop {append} append ");
    let line = listed.clone().find(|words| words.starts_with(&wanted));
    let line = line.unwrap_or_else(|| panic!("{wanted}: {:?}", listed.collect::<Vec<_>>()));
    let drop = Ok(Action::Do(Command::Drop(append)));
    assert_eq!(parse(line, &context), drop);
    assert_eq!(parse(&format!("drop {append}"), &context), drop);
    let error = |line: &str| parse(line, &context).unwrap_err();
    assert!(error(&format!("hold {append} vote S1→S2")).contains("is append"));
    assert_eq!(error("deliver 99999"), "message 99999 is not in flight");
    assert!(error("hold it").contains("no message's number"));
    let held = open("release ", &context).candidates;
    assert!(held.iter().all(|row| !row.words.contains('→')), "nothing is held");
}
