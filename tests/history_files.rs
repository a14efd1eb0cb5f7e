//! Histories in each form that is read, and what is said of those that are none.

use proptest::prelude::*;
use raft_play::linear::{
    Action, Answer, Form, History, Limits, Operation, Outcome, ReadError, Verdict, judge, read, ron_text,
};

const OWN: &str = r#"// What two clients saw.
(
    history: 1,
    unwritten: "",
    initial: {"x": "0"},
    operations: [
        (client: 1, at: 10, do: Set("x", "1"), until: 20, answer: Done),
        (client: 2, at: 12, do: Get("x"), until: 18, answer: Value("1")),
        (client: 2, at: 21, do: Cas("x", "0", "2"), until: 30, answer: Value("1")),
        (client: 2, at: 31, do: Cas("x", "0", "2"), until: 32, answer: Mismatch),
        (client: 3, at: 31, do: Set("x", "9"), until: 33, answer: Failed),
        (client: 1, at: 25, do: Append("x", "b")),
        (client: 4, at: 35, do: Delete("y"), until: 38, answer: Done),
    ],
)
"#;

const OWN_AS_JSON: &str = r#"{
    "history": 1,
    "unwritten": "",
    "initial": {"x": "0"},
    "operations": [
        {"client": 1, "at": 10, "do": {"Set": ["x", "1"]}, "until": 20, "answer": "Done"},
        {"client": 2, "at": 12, "do": {"Get": "x"}, "until": 18, "answer": {"Value": "1"}},
        {"client": 2, "at": 21, "do": {"Cas": ["x", "0", "2"]}, "until": 30, "answer": {"Value": "1"}},
        {"client": 2, "at": 31, "do": {"Cas": ["x", "0", "2"]}, "until": 32, "answer": "Mismatch"},
        {"client": 3, "at": 31, "do": {"Set": ["x", "9"]}, "until": 33, "answer": "Failed"},
        {"client": 1, "at": 25, "do": {"Append": ["x", "b"]}},
        {"client": 4, "at": 35, "do": {"Delete": "y"}, "until": 38, "answer": "Done"}
    ]
}"#;

const JEPSEN: &str = "\
INFO  jepsen.core - Running test
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:write\t2
INFO  jepsen.util - 0\t:ok\t:read\tnil
INFO  jepsen.util - 1\t:info\t:write\t:timed-out
INFO  jepsen.util - :nemesis\t:info\t:start\tnil
INFO  jepsen.util - 2\t:invoke\t:cas\t[2 0]
INFO  jepsen.util - 2\t:ok\t:cas\t[2 0]
INFO  jepsen.util - 3\t:invoke\t:cas\t[2 1]
INFO  jepsen.util - 3\t:fail\t:cas\t[2 1]
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:ok\t:read\t0
INFO  jepsen.util - 2\t:invoke\t:write\t4
";

const PORCUPINE: &str = r#"{:process 0, :type :invoke, :f :append, :key "0", :value "x \"0\" y"}
{:process 1, :type :invoke, :f :get, :key "0", :value nil}
{:process 1, :type :ok, :f :get, :key "0", :value ""}
{:process 0, :type :ok, :f :append, :key "0", :value "x \"0\" y"}
{:process 0, :type :invoke, :f :put, :key "1", :value "z"}
{:process 0, :type :ok, :f :put, :key "1", :value "z"}
"#;

fn verdict(history: &History) -> Verdict {
    judge(history, Limits::default()).verdict()
}

fn some(text: &str) -> Answer {
    Answer::Value(Some(text.to_owned()))
}

#[test]
fn own_histories_say_what_they_say() {
    let history = read(OWN, None).unwrap();
    assert_eq!(
        (history.unwritten.as_deref(), history.initial_of("x")),
        (Some(""), Some("0"))
    );
    assert_eq!(history.operations.len(), 6, "what has failed has not happened");
    let cas = Action::CompareAndSet {
        expected: "0".to_owned(),
        new: "2".to_owned(),
    };
    assert_eq!(
        history.operations[2],
        Operation::of(2, "x", cas).called(21).answered(30, some("1"))
    );
    assert_eq!(history.operations[4].outcome, Outcome::Unknown);
    assert_eq!(verdict(&history), Verdict::Linearizable);
    #[cfg(feature = "cli")]
    assert_eq!(read(OWN_AS_JSON, None).unwrap(), history);
    #[cfg(not(feature = "cli"))]
    assert_eq!(read(OWN_AS_JSON, None), Err(ReadError::NoJson));
}

#[test]
fn jepsens_logs_are_read() {
    let history = read(JEPSEN, None).unwrap();
    let told: Vec<_> = history
        .operations
        .iter()
        .map(|operation| (operation.process, operation.called, operation.outcome.clone()))
        .collect();
    let answered = |at, answer| Outcome::Answered { at, answer };
    assert_eq!(
        told,
        [
            (0, 2, answered(4, Answer::Value(None))),
            (1, 3, Outcome::Unknown),
            (2, 7, answered(8, Answer::Done)),
            (0, 11, answered(12, some("0"))),
            (2, 13, Outcome::Unknown),
        ]
    );
    assert_eq!(verdict(&history), Verdict::Linearizable);
    let stale = JEPSEN.replace(":ok\t:read\t0", ":ok\t:read\t2");
    assert_eq!(verdict(&read(&stale, None).unwrap()), Verdict::NotLinearizable);
}

#[test]
fn porcupines_logs_are_read() {
    let history = read(PORCUPINE, None).unwrap();
    assert_eq!(history.unwritten.as_deref(), Some(""));
    assert_eq!(
        history.operations[0],
        Operation::of(1, "0", Action::Get).called(2).answered(3, some(""))
    );
    assert_eq!(
        history.operations[1].action,
        Action::Append("x \"0\" y".to_owned())
    );
    assert_eq!(verdict(&history), Verdict::Linearizable);
    let wrong = PORCUPINE.replace(r#":value """#, r#":value "z""#);
    assert_eq!(verdict(&read(&wrong, None).unwrap()), Verdict::NotLinearizable);
}

/// What is said of a text that is no history: where, and in which words.
#[track_caller]
fn refused(text: &str, form: Option<Form>, place: (usize, usize), words: &[&str]) {
    let error = read(text, form).expect_err("no history");
    let ReadError::At { line, column, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((line, column), place, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} in: {error}");
    }
}

#[test]
fn wrong_lines_of_jepsens_are_refused_with_their_place() {
    let jepsen = Some(Form::Jepsen);
    let line = |text: &str| text.replace(' ', "\t").replace('_', " ");
    for (text, place, words) in [
        (
            "0 :ok :read nil",
            (1, 3),
            ["process 0 ends what it has not called"],
        ),
        (
            "0 :invoke :read nil\n0 :invoke :read nil",
            (2, 3),
            ["calls again"],
        ),
        (
            "0 :invoke :read nil\n0 :ok :write 3",
            (2, 3),
            ["has called a :read"],
        ),
        ("0 :invoke :drop nil", (1, 3), [":read, :write and :cas"]),
        ("0 :invoke :cas 3", (1, 3), ["[3 0]"]),
        ("0 :invoke :cas [3_nil]", (1, 3), [":write 3"]),
        ("0 :invoke :write nil", (1, 3), [":write 3"]),
        ("0 :invoke :read nil\n0 :ok :read [1_2]", (2, 3), [":write 3"]),
    ] {
        refused(&line(text), jepsen, place, &words);
    }
}

#[test]
fn wrong_lines_of_porcupines_are_refused_with_their_place() {
    let get = r#"{:process 0, :type :invoke, :f :get, :key "x", :value nil}"#;
    for (text, place, word) in [
        ("{:process 0, :type :invoke", (1, 27), "ends with }"),
        ("{:process 0, :process 1}", (1, 15), "twice"),
        ("{:process -1}", (1, 11), "a number"),
        ("{:process nil}", (1, 3), "does not fit"),
        ("{:colour :red}", (1, 3), "`:colour` does not fit"),
        (r#"{:key "x}"#, (1, 8), "does not end"),
        (r#"{:key "\q"}"#, (1, 8), "after \\"),
        ("{:process 0}", (1, 13), "no :type"),
        (
            r#"{:process 0, :type :invoke, :f :cas, :key "x"}"#,
            (1, 47),
            ":get, :put and :append",
        ),
        (
            r#"{:process 0, :type :maybe, :f :get, :key "x"}"#,
            (1, 46),
            ":invoke, :ok",
        ),
        (
            r#"{:process 0, :type :invoke, :f :put, :key "x", :value nil}"#,
            (1, 59),
            "a :put has a",
        ),
        (&format!("{get}\nnonsense"), (2, 1), "each line is a map"),
        (&format!("{get} {get}"), (1, 60), "nothing comes after"),
        (&format!("{get}\n{get}"), (2, 59), "calls again"),
        (
            &format!("{get}\n{}", get.replace(":invoke", ":ok")),
            (2, 55),
            "a :get has a",
        ),
    ] {
        refused(text, Some(Form::Porcupine), place, &[word]);
    }
}

/// An operation in a history that is right but for it.
fn with(operation: &str) -> String {
    format!("(history: 1, operations: [\n{operation}\n])")
}

#[test]
fn own_histories_that_make_no_sense_are_refused_with_their_place() {
    for (operation, word) in [
        (
            r#"(client: 1, at: 5, do: Get("x"), until: 4, answer: Value("1"))"#,
            "before it was called",
        ),
        (
            r#"(client: 1, at: 5, do: Get("x"), until: 6, answer: Done)"#,
            "a get is answered by",
        ),
        (
            r#"(client: 1, at: 5, do: Set("x", "1"), until: 6, answer: Value("1"))"#,
            "a set is answered by",
        ),
        (
            r#"(client: 1, at: 5, do: Append("x", "1"), until: 6, answer: Value(None))"#,
            "an append is",
        ),
        (
            r#"(client: 1, at: 5, do: Delete("x"), until: 6, answer: Mismatch)"#,
            "a delete is",
        ),
        (
            r#"(client: 1, at: 5, do: Get("x"), until: 6)"#,
            "`until` without `answer`",
        ),
        (
            r#"(client: 1, at: 5, do: Get("x"), answer: Value("1"))"#,
            "`answer` without `until`",
        ),
        (r#"(client: 1, do: Get("x"))"#, "`at`"),
        (r#"(client: 1, at: 5, do: Get("x"), colour: "red")"#, "colour"),
        (r#"(client: -1, at: 5, do: Get("x"))"#, ""),
        (r#"(client: 1, at: 99999999999999999999999, do: Get("x"))"#, ""),
        (r#"(client: 1, at: 5, do: Jump("x"))"#, "Jump"),
    ] {
        let error = read(&with(operation), None).expect_err(operation);
        let ReadError::At { line, .. } = error else {
            panic!("{operation}: {error}")
        };
        assert_eq!(line, 2, "{operation}: {error}");
        assert!(error.to_string().contains(word), "{operation}: {error}");
    }
    let twice = r#"(history: 1, initial: {"x": "1", "x": "2"}, operations: [])"#;
    assert!(
        read(twice, None)
            .unwrap_err()
            .to_string()
            .contains("x comes twice")
    );
}

#[test]
fn another_version_and_another_kind_of_file_are_told() {
    let later = "(history: 2, clocks: [], operations: [])";
    assert_eq!(read(later, None), Err(ReadError::Version { found: 2 }));
    for nothing in ["", "hello", "<svg/>", "\u{0}\u{1}"] {
        assert_eq!(read(nothing, None), Err(ReadError::Unknown), "{nothing:?}");
    }
    assert!(matches!(read("(nodes: 5)", None), Err(ReadError::At { .. })));
    assert_eq!(
        read("", Some(Form::Porcupine)),
        Ok(History {
            unwritten: Some(String::new()),
            ..History::default()
        })
    );
}

/// Depth and control characters of a file do no harm, neither to the stack nor to a screen.
#[test]
fn hostile_texts_are_refused() {
    let deep = "(".repeat(100_000);
    assert!(read(&deep, None).is_err());
    let deep = format!("(history: 1, operations: {})", "[".repeat(100_000));
    assert!(read(&deep, None).is_err());
    let deep = format!("{{\"history\": 1, \"operations\": {}}}", "[".repeat(100_000));
    assert!(read(&deep, None).is_err());
    let escapes = with("(client: 1, at: 5, do: \u{1b}[2JGet(\"x\"))");
    let error = read(&escapes, None).unwrap_err().to_string();
    assert!(!error.chars().any(char::is_control), "{error:?}");
    let escapes = "{:process 0, :type :\u{1b}[2J\u{202e}, :f :get, :key \"x\"}";
    let error = read(escapes, None).unwrap_err().to_string();
    assert!(!error.contains(['\u{1b}', '\u{202e}']), "{error:?}");
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9]{0,4}",
        1 => any::<String>(),
        1 => Just("\"\\\u{0}\u{7f}\u{301}\u{202e}\n'".to_owned()),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let action = prop_oneof![
        word().prop_map(|text| (Action::Set(text), Answer::Done)),
        prop::option::of(word()).prop_map(|text| (Action::Get, Answer::Value(text))),
        word().prop_map(|text| (Action::Append(text.clone()), Answer::Value(Some(text)))),
        (word(), word())
            .prop_map(|(expected, new)| (Action::CompareAndSet { expected, new }, Answer::Mismatch)),
        Just((Action::Delete, Answer::Value(None))),
    ];
    (any::<u64>(), word(), 0..1_000_u64, 0..9_u64, action).prop_map(
        |(process, key, called, takes, (action, answer))| {
            let operation = Operation::of(process, key, action).called(called);
            if takes == 0 {
                operation
            } else {
                operation.answered(called + takes, answer)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_again(
        unwritten in prop::option::of(word()),
        initial in prop::collection::btree_map(word(), word(), 0..3),
        operations in prop::collection::vec(operation(), 0..6),
    ) {
        let history = History { unwritten, initial, operations };
        #[cfg(feature = "cli")]
        prop_assert_eq!(read(&raft_play::linear::json_text(&history), None), Ok(history.clone()));
        prop_assert_eq!(read(&ron_text(&history), None), Ok(history));
    }

    /// Whatever the text, it is a history or it is not.
    #[test]
    fn no_text_is_too_much(text in any::<String>()) {
        for form in [None, Some(Form::Ron), Some(Form::Json), Some(Form::Jepsen), Some(Form::Porcupine)] {
            let _ = read(&text, form);
        }
    }

    #[test]
    fn no_change_of_a_text_is_too_much(at in any::<prop::sample::Index>(), letter in any::<char>()) {
        for text in [OWN, OWN_AS_JSON, JEPSEN, PORCUPINE] {
            let mut changed: Vec<char> = text.chars().collect();
            let at = at.index(changed.len());
            changed[at] = letter;
            let changed: String = changed.into_iter().collect();
            if let Ok(history) = read(&changed, None) {
                judge(&history, Limits::default());
            }
        }
    }
}
