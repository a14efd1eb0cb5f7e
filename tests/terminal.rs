//! The program in a real terminal: a pseudo-terminal with the real binary at its end, and an emulator that shows what a
//! person would see.

#![cfg(all(unix, feature = "tui"))]

#[path = "terminal/person.rs"]
mod person;

use std::process::{Command, Stdio};

use person::Person;

/// How often a window changes under a person's fingers.
const ROUNDS: u16 = 60;

/// A value is proposed, a leader crashes, another is elected: all by keys.
#[test]
fn a_first_session() {
    let mut person = Person::starts(&["--nodes", "5", "--seed", "42", "--speed", "5"]);
    person.sees("★ S5 t1");
    person.types("n");
    person.sees("x=1");
    person.types(" ").sees("PAUSED");
    person.types("c").sees("you crash S5");
    person.types(" ").sees_not("★ S5 t1");
    person.sees_any(&["★ S1 t2", "★ S2 t2", "★ S3 t2", "★ S4 t2", "t3", "t4"]);
    person.types("r").sees("S5");
    person.types("q");
    person.leaves(0);
    assert!(
        person.printed().contains("raft-play --load last"),
        "{}",
        person.printed()
    );
}

/// Back to before a crash, another deed there, and the run that was is there again.
#[test]
fn going_back_and_branching() {
    let mut person = Person::starts(&["--nodes", "5", "--seed", "42", "--speed", "5"]);
    person.sees("★ S5 t1");
    person.types(" ").sees("PAUSED");
    let before = person.clock();
    person.types("c").sees("you crash S5");
    person.types(" ").sees_any(&["t2", "t3", "t4"]);
    person.types(" ").sees("PAUSED");
    person.types("u").sees("back to").sees("PAST");
    assert_eq!(person.clock(), before);
    person.types("\x1b[H").sees("0.000");
    person.types("U").sees("PAUSED");
    person.types("u").sees("back to");
    person.types("f").sees("branch b1 begins").sees("you freeze S5");
    person
        .types(":branch main\r")
        .sees("at its end")
        .sees("S5 ✗ t1 down");
    person
        .types(":branch b1\r")
        .sees_not("S5 ✗ t1 down")
        .sees("you freeze S5");
    person.types("q");
    person.leaves(0);
}

/// A message is taken off the wire, another is held and let go, by keys alone.
#[test]
fn a_message_in_the_hand() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--speed", "10"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("n").sees("you propose x=1");
    person.types("m").sees("Messages in flight").sees("x drop");
    person.types("f").sees("you hold").sees("r release");
    person.types("r").sees("you release").sees("f hold");
    person.types("x").sees("you drop");
    person.types("u").sees("back to").sees("PAST");
    person.types("\x1b").sees_not("Messages in flight");
    person.types(":drop ").sees("append S");
    person.types("\x1b").types("q");
    person.leaves(0);
}

/// Enter on a message says what sent it, and leads back to the list.
#[test]
fn why_of_a_message() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--speed", "10"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("n").sees("you propose x=1");
    person.types("m").sees("Messages in flight").sees("Enter why");
    person.types("\r").sees("Why?").sees("sent ");
    person.types("\x1b").sees_not("Why?").sees("Messages in flight");
    person.types("\x1b").sees_not("Messages in flight");
    person
        .types(":why vote 2\r")
        .sees("S2's vote in term")
        .sees("Why?");
    person.types("\x1b").types("q");
    person.leaves(0);
}

/// Only what one wants to see of the story is shown, is walked along, and says so until Esc.
#[test]
fn a_filtered_story() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--speed", "10"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("/").sees("Show only");
    person.types("votes for").sees("only votes for");
    person.types("\r").sees("Esc all lines");
    person.types("\x1b[A").sees("PAST");
    person.types("\r").sees("Why?").sees("votes for S1");
    person.types("\x1b").sees_not("Why?");
    person.types("\x1b").sees_not("only votes for");
    person.types("q");
    person.leaves(0);
}

/// A call waits, and is answered; what the tab says of it follows.
#[test]
fn what_clients_see() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "42", "--speed", "5"]);
    person.sees("t1");
    person
        .types(":tab clients\r:zoom inspector\r")
        .sees("Nobody has asked yet");
    person.sees_not(":zoom");
    person
        .types("n")
        .sees("linearizable so far: some order explains every answer");
    person.sees("client 1: x=1 at").sees("ok, at");
    person.types(" ").sees("PAUSED");
    person
        .types("0c")
        .sees("no leader")
        .sees("linearizable so far")
        .types(" ");
    person.types("q");
    person.leaves(0);
}

/// Clients ask by themselves, and what they see is one state; then the screen is for a lecture hall.
#[test]
fn a_load_in_a_lecture_hall() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "42", "--speed", "5"]);
    person.sees("t1");
    person.types(":workload ").sees("clients ask 5 times a second");
    person.types("20 keys 2 skew 80\r").sees("a client proposes");
    person.types(":tab clients\r:zoom inspector\r").sees("; 20/s)");
    person.sees("linearizable so far");
    person.types("w").types("z");
    person.types("\x1b[15~").sees("LEADS TERM 1").sees("F5 desk");
    person.types("\x1b[15~").sees_not("LEADS TERM 1");
    person.types("q");
    person.leaves(0);
}

/// Two runs that part at a moment, side by side at the same time.
#[test]
fn comparing_branches() {
    let mut person = Person::starts(&["--nodes", "5", "--seed", "42", "--speed", "5"]);
    person.sees("★ S5 t1");
    person.types(" ").sees("PAUSED");
    person.types("c").sees("you crash S5");
    person.types("u").sees("back to");
    person.types("f").sees("branch b1 begins");
    person.types(":compare main\r").sees("main").sees("b1").sees("≠");
    person.types("\x1b").sees("Story · Enter");
    person.types("q");
    person.leaves(0);
}

/// A code says all there is to do: who opens it stands where it was made.
#[test]
fn a_share_code() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "7", "--speed", "5"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("n").sees("you propose x=1");
    let time = person.clock();
    person.types("y").sees("in the clipboard");
    let code = person.copied();
    person.types("q");
    person.leaves(0);
    let mut person = person.starts_again(&["--share", &code, "--paused"]);
    person.sees("PAUSED").sees("you propose x=1");
    assert_eq!(person.clock(), time);
    person.types("q");
    person.leaves(0);
}

/// What stands on a disk, record by record: what is below the line goes with the power, what is above it stays.
#[test]
fn what_stands_on_a_disk() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "42", "--speed", "5"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("0n").sees("you propose x=1");
    person
        .types(":tab disk\r")
        .sees("wal-0000000001.log")
        .sees("ballot   term 1, vote for")
        .sees("durable above; a power cut now may take what is below");
    let screen = person.screen();
    let line = |text: &str| screen.lines().position(|line| line.contains(text));
    assert!(line("ballot") < line("durable above"), "{screen}");
    assert!(
        line("durable above") < line("append   2 x=1 (term 1)"),
        "{screen}"
    );
    person
        .types("C")
        .sees("all above is durable: a power cut takes nothing of it");
    person.sees_not("x=1 (term 1)");
    person.types("q");
    person.leaves(0);
}

/// A finger on the logs: why an entry is there, and why a node is what it is, by keys alone.
#[test]
fn why_of_what_is_pointed_at() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "42", "--speed", "5"]);
    person.sees("leads term");
    person.types(" ").sees("PAUSED");
    person.types("0n").sees("you propose x=1");
    person.types("e").sees("Enter says why");
    person.types("\r").sees("entry 2 of").sees("Why?");
    person.types("\x1b").sees_not("Why?").sees("Enter says why");
    person.types("\x1b[H\r").sees("leader, term 1");
    person.types("\x1b").types("\x1b").sees("Story · Enter");
    person.types("q");
    person.leaves(0);
}

/// A task is done on the screen, written down, and passes where it is judged.
#[test]
fn homework() {
    let mut person = Person::starts(&["--task", "lost-value", "--speed", "1"]);
    person.sees("PAUSED").sees("A client gives a leader x=lost");
    person.types(" ").sees("★ S3 t1");
    person.types(":partition 1,3|2,4,5\r").sees("▒");
    person.types(":propose 3 x=lost\r").sees("x=lost");
    person.types(":answer 2 3\r").sees("answer 2 is kept");
    person.sees("★ S3 t1 stale");
    // Who leaves midway comes back to where that was, and is judged from where the task begins.
    person.types("q");
    person.leaves(0);
    let mut person = person.starts_again(&["--load", "last", "--speed", "1"]);
    person.sees("PAUSED").sees("★ S3 t1 stale").sees("x=lost");
    // The other side has to have a leader before it can take the command.
    person.types(" ").sees_any(&["★ S2 t", "★ S4 t", "★ S5 t"]);
    person.types("N").types("x=kept\r").sees("x=kept");
    person.sees_any(&["S2 commits", "S4 commits", "S5 commits"]);
    person.types(":crash 1\r").sees("does not permit");
    person.types("h").sees_not("stale");
    person.types(":grade\r").sees_any(&["all 4 goals", "not yet"]);
    // What the last goal waits for has to come to S3 first.
    for _ in 0..100 {
        if person.screen().contains("all 4 goals") {
            break;
        }
        person.types(":grade\r").sees_any(&["all 4 goals", "not yet"]);
    }
    person.sees("all 4 goals");
    person.types(" ").sees("PAUSED");
    person.types(":script homework.ron\r").sees("homework.ron");
    person.types("q");
    person.leaves(0);
    let grade = |file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_raft-play"));
        command
            .args(["grade", "lost-value", file])
            .current_dir(person.folder());
        command.output().unwrap()
    };
    let graded = grade("homework.ron");
    let said = String::from_utf8_lossy(&graded.stdout).into_owned();
    assert_eq!(graded.status.code(), Some(0), "{said}");
    let submission = std::fs::read_to_string(person.folder().join("homework.ron")).unwrap();
    assert!(submission.contains("x=lost"), "{submission}");
    std::fs::write(
        person.folder().join("without.ron"),
        submission.replace("x=kept", "x=cept"),
    )
    .unwrap();
    assert_eq!(grade("without.ron").status.code(), Some(1), "{submission}");
}

/// A scene is gone through from its first step to its last; the answer to a question is held back until one asks for it.
#[test]
fn a_guided_scene() {
    let mut person = Person::starts(&["--load", "stale-read", "--speed", "1"]);
    person
        .sees("PAUSED")
        .sees("Run until the others")
        .sees("S2 leads");
    person.types(" ").sees("Change x on the other side");
    person
        .sees("PAUSED")
        .types(":propose 2 x=2\r ")
        .sees("own copy says x=1")
        .sees("PAUSED")
        .sees("PgDn answer");
    person.types(":read 1 x by index\r").sees("you read x at S1");
    assert!(!person.screen().contains("whether it still leads"));
    person.types("\x1b[6~").sees("whether it still leads");
    person.types("\x1b[6~").sees("By lease it asks nobody");
    person.types("\x1b[6~").sees("Yes: the others keep");
    person.types("\x1b[6~").sees("The same, with");
    person.types("\x1b[6~").sees("5/5");
    person.types("\x1b[5~").sees("By lease it asks nobody");
    person.types("q");
    person.leaves(0);
}

/// A leader is elected event by event, each chosen, while time stands; then time goes on.
#[test]
fn manual_mode() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("PAUSED");
    person.types("M").sees("MANUAL").sees("What can happen next");
    let time = person.clock();
    person.types("g").sees("you fire").sees("'s disk");
    for _ in 0..8 {
        person.types("g");
    }
    person.sees("leads term 1");
    assert_eq!(person.clock(), time, "time stands");
    person.types("\x1b").sees("m choose");
    person.types(" ").sees("nothing happens by itself");
    person.types("M").sees("PAUSED").sees("by themselves again");
    person.types(" ").sees("RUNNING");
    person.types("q");
    person.leaves(0);
}

/// What is saved is found again: by name, in the dialog, and as `last`.
#[test]
fn saving_and_loading() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--speed", "10"]);
    person.sees("leads term");
    person.types(" nn").sees("PAUSED");
    person.types("s").sees("Save as");
    person.types("mine\r").sees("saved as");
    assert!(person.folder().join("mine.ron").is_file());
    person.types("n").types("s").sees("Save as");
    person.types("mine\r").sees("mine.ron");
    person.types("\x1b").sees_not("Save as");
    let time = person.clock();
    person.types("q");
    person.leaves(0);

    let mut person = person.starts_again(&["--load", "last", "--paused"]);
    person.sees("PAUSED");
    assert_eq!(person.clock(), time, "time goes on where it stood");
    person.types("o").sees("Open");
    person.types("mine\r").sees("opened");
    assert!(person.screen().contains("x=2"));
    person.types(":open five-nodes\r").sees("S5");
    person.types("q");
    person.leaves(0);
}

/// The shell's job control: the screen goes away, and comes back as it was.
#[test]
fn sleeping_and_waking() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("? help");
    let before = person.screen();
    person.types("\x1a").sees("asleep; type fg");
    person.waits_until_it_sleeps();
    assert!(person.has_terminal_back());
    person.signals("CONT");
    person.sees("? help");
    assert_eq!(person.screen(), before);
    assert!(!person.has_terminal_back());

    person.signals("TSTP");
    person.sees("asleep; type fg");
    person.waits_until_it_sleeps();
    person.signals("CONT");
    person.sees("PAUSED");
    person.types("q");
    person.leaves(0);
}

/// A way out: its name, how to go it, and the exit code.
type Way = (&'static str, fn(&mut Person), u32);

/// Every way out gives the terminal back, saves the cluster and has the exit code that shells expect.
#[test]
fn ways_out() {
    let ways: [Way; 5] = [
        ("q", |person| person.presses("q"), 0),
        ("Ctrl-C", |person| person.presses("\x03"), 130),
        ("SIGINT", |person| person.signals("INT"), 130),
        ("SIGTERM", |person| person.signals("TERM"), 143),
        ("SIGHUP", |person| person.signals("HUP"), 129),
    ];
    for (way, leave, code) in ways {
        let mut person = Person::starts(&["--nodes", "3", "--seed", "1"]);
        person.sees("RUNNING");
        leave(&mut person);
        person.leaves(code);
        assert!(person.has_terminal_back(), "{way}");
        assert!(
            person.printed().contains("--load last"),
            "{way}: {}",
            person.printed()
        );
        assert!(person.last_save().is_file(), "{way}");
    }
}

/// Ctrl-C leaves even from a prompt, in which letters are typed.
#[test]
fn leaving_from_a_prompt() {
    let mut person = Person::starts(&["--nodes", "3", "--paused"]);
    person.sees("PAUSED");
    person.types(":cra").sees("crash");
    person.types("\x03");
    person.leaves(130);
}

/// A panic on the screen's own thread: the terminal is back before the message is printed, and `last` is saved.
///
/// The program has no way to panic on demand, so this test runs the real loop on a library that panics, in a process of its
/// own: this test's binary, told to run the test below.
#[test]
fn a_panic() {
    let mut person = Person::runs_test("a_program_that_panics");
    person.sees("PAUSED");
    person.types("o");
    person.leaves(101);
    assert!(person.has_terminal_back());
    let printed = person.printed();
    assert!(printed.contains("the shelf collapsed"), "{printed}");
    assert!(
        !printed.contains("a node fell over"),
        "threads of nodes panic in silence: {printed}"
    );
    assert!(printed.contains("saved before the end"), "{printed}");
}

#[test]
#[ignore = "run by `a_panic`, at a terminal of its own"]
fn a_program_that_panics() {
    person::play_until_panic();
}

/// While time stands the program does nothing at all.
#[test]
#[cfg(target_os = "linux")]
fn standing_still_costs_nothing() {
    let mut person = Person::starts(&["--nodes", "5", "--seed", "42", "--paused"]);
    person.sees("PAUSED");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = person.work_done();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(person.work_done(), before);
    person.types("q");
    person.leaves(0);
}

/// A terminal that is too small says so, and one that grows shows all again.
#[test]
fn growing_and_shrinking() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("Logs");
    person.resizes(30, 8);
    person.sees_not("Logs");
    person.resizes(120, 34);
    person.sees("Logs");
    person.types("q");
    person.leaves(0);
}

/// A key that comes at the very moment at which the window changes is a key like any other.
#[test]
fn keys_pressed_while_the_window_changes() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("PAUSED");
    for round in 0..ROUNDS {
        for state in ["RUNNING", "PAUSED"] {
            person.resizes(100 + round % 7, 30);
            person.resizes(90 + round % 5, 28);
            person.types(" ").sees(state);
        }
    }
    person.types("q");
    person.leaves(0);
}

/// What is pasted goes into the prompt, and to nobody where there is none.
#[test]
fn pasting() {
    let mut person = Person::starts(&["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("PAUSED");
    person.types("\x1b[200~q\x1b[201~");
    person.types("N").sees("Propose");
    person.types("\x1b[200~set y 7\x1b[201~").sees("set y 7");
    person.types("\x1b").sees_not("Propose");
    person.types("q");
    person.leaves(0);
}

/// Without colours nothing sets one.
#[test]
fn no_color() {
    let mut person = Person::starts_with(&[("NO_COLOR", "1")], &["--nodes", "3", "--seed", "1", "--paused"]);
    person.sees("PAUSED");
    assert!(!person.sees_colours());
    // Who asks for them by name gets them.
    person.types(":theme dark\r").waits_for_colours();
    person.types("q");
    person.leaves(0);
}

#[test]
fn without_a_terminal() {
    let output = Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(["--nodes", "3", "--seed", "7"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert!(
        sentence.contains("raft-play run --nodes 3 --seed 7 --for 10s"),
        "{sentence}"
    );
}
