//! The command line: `raft-play` opens the screen, `raft-play run` does the same without one, and `raft-play fuzz` does it many times.
//!
//! Exit codes: 0 all is well; 1 something failed, or a promise of Raft was broken; 2 the program was used wrongly.

mod bench;
mod check_history;
#[cfg(feature = "tui")]
mod config;
mod error;
mod fuzz;
mod grade;
#[cfg(feature = "tui")]
mod library;
mod pages;
mod report;
mod run;
#[cfg(feature = "tui")]
mod screen;
mod start;
mod values;

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use bench::{BenchArgs, ClientKind, Mode, StorageKind, WireKind};
pub use error::CliError;
pub use values::{Expectation, Seeds};

#[cfg(feature = "tui")]
use self::screen::screen;

use crate::consensus::Rule;
use crate::linear::Form;
use crate::playground::HostKind;
use crate::types::VirtualTime;

const EXAMPLES: &str = "\
Examples:
  raft-play                                  five nodes; ? shows the keys
  raft-play --nodes 3 --seed 42              three nodes, the same ones every time
  raft-play --load figure-7                  a scene from the paper
  raft-play --load last                      go on where you left
  raft-play run --for 5s                     what five nodes do in five seconds, in words
  raft-play run figure-7 --for 2s --format json
  raft-play run --nodes 5 --for 20s --commands homework.ron
  raft-play check-history seen.ron           whether what clients saw is linearizable
  raft-play --task lost-value                an exercise; raft-play grade judges what came of it";

const RUN_EXAMPLES: &str = "\
Examples:
  raft-play run --for 5s
  raft-play run minority-leader --for 2s
  raft-play run --nodes 3 --seed 7 --for 1m --commands homework.ron --format json
  raft-play run figure-8 --for 1s --lamport figure-8.svg --stretch 0..0.2
  raft-play run broken.ron --for 10s --expect violation:LeaderCompleteness

A file of commands:
  (commands: [
      (at: 1.5, do: Propose(command: \"x=1\")),
      (at: 2.0, do: Partition([[1, 2], [3, 4, 5]])),
      (at: 4.0, do: Heal),
  ])

Exit codes: 0 as expected; 1 a broken promise, or a failure; 2 used wrongly.";

const FUZZ_EXAMPLES: &str = "\
Examples:
  raft-play fuzz                                for a minute, on all cores
  raft-play fuzz --seeds 1..100000
  raft-play fuzz --seed 17 --nodes 5            one of them again
  raft-play fuzz --break up-to-date-check       would it notice?
  raft-play fuzz --mutants                      and all the others?

Exit codes: 0 no promise was broken; 1 one was, or too little happened to tell; 2 used wrongly; 130 Ctrl-C.";

const GRADE_EXAMPLES: &str = "\
Examples:
  raft-play --task lost-value                       do it; :script homework.ron writes it down
  raft-play grade lost-value homework.ron           goal by goal
  raft-play grade my-task.ron homework.ron --format json

Tasks that come with it: lost-value, no-quorum, count-too-much. A task of your own:
  (
      title: \"Who wins?\",
      notes: [\"Make S2 the leader of term 5.\"],
      start: (nodes: 3),
      permit: [\"crash\", \"restart\", \"time\"],
      goals: [\"S2 leads term 5\", (text: \"All is well\", keep: \"no violation\")],
      questions: [\"How did you do it?\"],
  )

Exit codes: 0 every goal is met; 1 not; 2 the task or the submission can't be read.";

const CHECK_EXAMPLES: &str = "\
Examples:
  raft-play run --for 10s --commands homework.ron --history seen.ron
  raft-play check-history seen.ron --picture why.svg
  raft-play check-history jepsen.log

A history, RON or JSON of the same form; only the order of the moments counts:
  (history: 1, operations: [
      (client: 1, at: 10, do: Set(\"x\", \"1\"), until: 20, answer: Done),
      (client: 2, at: 12, do: Get(\"x\"), until: 18, answer: Value(\"1\")),
      (client: 1, at: 25, do: Append(\"x\", \"b\")),
  ])
Cas(key, expected, new) and Delete(key) are operations too. Answers are Done, Value, Mismatch, and Failed
for what has not happened; without one nobody knows, for ever.

Exit codes: 0 linearizable; 1 not; 2 used wrongly, or no history; 3 undecided, for lack of memory.";

/// A laboratory for the Raft consensus algorithm, in the terminal.
#[derive(Clone, Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do, if not the screen.
    #[command(subcommand)]
    pub task: Option<Task>,
    /// How the screen begins.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// What else there is to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Run without a screen: print what happens, or what came of it
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Run many clusters under every fault, until a promise breaks
    #[command(after_help = FUZZ_EXAMPLES)]
    Fuzz(FuzzArgs),
    /// Judge whether what clients saw is linearizable
    #[command(after_help = CHECK_EXAMPLES)]
    CheckHistory(CheckHistoryArgs),
    /// Judge homework: whether a script does what a task asks for
    #[command(after_help = GRADE_EXAMPLES)]
    Grade(GradeArgs),
    /// Say where the configuration is, or print all of it as it is in force
    #[cfg(feature = "tui")]
    #[command(after_help = CONFIG_EXAMPLES)]
    Config(ConfigArgs),
    /// Write completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// Of one command, as `run`
        command: Option<String>,
    },
    /// Measure how fast it is: commands a second in a closed loop, one line of JSON each
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::BenchArgs),
}

#[cfg(feature = "tui")]
const CONFIG_EXAMPLES: &str = "\
Examples:
  raft-play config                           where the file is
  raft-play config --print                   all that can stand in it, as it is now
  raft-play config --print > my.ron          a file to change
  raft-play --config my.ron

A file of its own, where every line may be left out:
  (
      theme: \"light\",
      speed: \"1/20\",
      paused: true,
      keys: {\"heal\": [\"F3\"], \"partition 1,2|3,4,5\": [\"F4\"]},
  )

What the command line says comes before what the file says.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  raft-play completions bash > ~/.local/share/bash-completion/completions/raft-play
  raft-play completions zsh > ~/.zfunc/_raft-play
  raft-play completions fish > ~/.config/fish/completions/raft-play.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  raft-play man > raft-play.1 && man ./raft-play.1
  raft-play man fuzz > raft-play-fuzz.1";

/// How the screen begins.
#[derive(Clone, Debug, Args)]
pub struct ScreenArgs {
    /// How many nodes, 1 to 25 [default: 5, or as many as the data directory has]
    #[arg(long, short, value_name = "N", value_parser = values::nodes)]
    pub nodes: Option<u64>,
    /// The seed of all chance: the same seed, the same cluster [default: a new one each time]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Begin from a save: a path, the name of one that ships, or `last`
    #[arg(long, value_name = "SAVE", conflicts_with_all = ["nodes", "seed"])]
    pub load: Option<String>,
    /// Do an exercise: the file of a task, or the name of one that comes with the program
    #[arg(long, value_name = "TASK", conflicts_with_all = ["nodes", "seed", "load", "data_dir"])]
    pub task: Option<String>,
    /// Come to where somebody was who made this share code (y on the screen)
    #[arg(long, value_name = "CODE", conflicts_with_all = ["nodes", "seed", "load", "data_dir", "task"])]
    pub share: Option<String>,
    /// Read saves of this size at most, in MiB [default: 16]
    #[arg(long, value_name = "MIB", value_parser = values::save_limit)]
    pub save_limit: Option<u64>,
    /// Keep the nodes' files here; a second start goes on from them [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How fast time runs: auto, 1/40, 1, 10, max [default: auto]
    #[arg(long, value_name = "X")]
    pub speed: Option<String>,
    /// Begin with time standing still
    #[arg(long)]
    pub paused: bool,
    /// The colours; `NO_COLOR` in the environment means mono
    #[arg(long, value_name = "T")]
    pub theme: Option<Theme>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// How messages move; reduced: not at all, and the screen changes a few times a second [default: smooth]
    #[arg(long, value_name = "HOW")]
    pub motion: Option<Motion>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// Write down what happens, and what the screen says, behind what is in this file
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// The configuration to go by [default: the one that `raft-play config` names]
    #[arg(long, value_name = "FILE.ron")]
    pub config: Option<PathBuf>,
}

/// Colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// Few colours, far apart.
    HighContrast,
    /// None.
    Mono,
}

/// How messages move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Motion {
    /// Along their links.
    Smooth,
    /// Not at all.
    Reduced,
}

/// A run without a screen.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Begin from a save: a path, the name of one that ships, or `last`
    #[arg(value_name = "SAVE", conflicts_with_all = ["nodes", "seed"])]
    pub save_to_load: Option<String>,
    /// How many nodes, 1 to 25 [default: 5, or as many as the data directory has]
    #[arg(long, short, value_name = "N", value_parser = values::nodes)]
    pub nodes: Option<u64>,
    /// The seed of all chance
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// For how long, in the cluster's time: 500ms, 10s, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = values::duration)]
    pub duration: Duration,
    /// Commands and their times
    #[arg(long, value_name = "FILE.ron")]
    pub commands: Option<PathBuf>,
    /// Where the nodes run; what happens is the same
    #[arg(long, value_enum, default_value = "inline")]
    pub host: Host,
    /// What is printed: every step in words, or one JSON object at the end
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Print heartbeats, and what comes of them, too
    #[arg(long)]
    pub all: bool,
    /// Read saves of this size at most, in MiB
    #[arg(long, value_name = "MIB", default_value = "16", value_parser = values::save_limit)]
    pub save_limit: u64,
    /// Keep the nodes' files here; a second run goes on from them
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Save the cluster as it is at the end
    #[arg(long, value_name = "OUT.ron")]
    pub save: Option<PathBuf>,
    /// Write what the clients saw, for `check-history`; as JSON where the file's name ends so
    #[arg(long, value_name = "OUT.ron")]
    pub history: Option<PathBuf>,
    /// Draw a space-time diagram of the run: a line for each node, an arrow for each message
    #[arg(long, value_name = "OUT.svg")]
    pub lamport: Option<PathBuf>,
    /// Draw only this stretch of it, in seconds of the cluster's time
    #[arg(long, value_name = "FROM..TO", requires = "lamport", value_parser = values::stretch)]
    pub stretch: Option<(VirtualTime, VirtualTime)>,
    /// What must happen for exit code 0: none, or violation:NAME
    #[arg(long, value_name = "WHAT", default_value = "none", value_parser = values::expectation)]
    pub expect: Expectation,
}

/// Many runs.
#[derive(Clone, Debug, Args)]
pub struct FuzzArgs {
    /// One seed
    #[arg(long, value_name = "S", conflicts_with_all = ["seeds", "time"])]
    pub seed: Option<u64>,
    /// Seeds from A up to, and without, B; `A..` has no end [default: 1..]
    #[arg(long, value_name = "A..B", value_parser = values::seeds)]
    pub seeds: Option<Seeds>,
    /// For how long, by the clock on the wall: 60s, 10m [default: 60s where the seeds have no end]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub time: Option<Duration>,
    /// How many nodes, 1 to 25 [default: another number for each seed]
    #[arg(long, short, value_name = "N", value_parser = values::nodes)]
    pub nodes: Option<u64>,
    /// Break a rule of Raft in every run; may be given more than once
    #[arg(long = "break", value_name = "RULE", value_parser = values::rule)]
    pub rules: Vec<Rule>,
    /// How long each run takes, about, in the cluster's time
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = values::duration)]
    pub duration: Duration,
    /// On how many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Every seed that is a multiple of N is run in every other way as well, and must be the same; 0 for none
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub twice_every: u64,
    /// For how long a failure is made small
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::duration)]
    pub shrink: Duration,
    /// Break every rule in turn, and say how soon each is noticed
    #[arg(long, conflicts_with_all = ["seed", "seeds", "time", "rules", "keep_going"])]
    pub mutants: bool,
    /// Where runs that fail are written down
    #[arg(long, value_name = "DIR", default_value = "fuzz-failures")]
    pub out: PathBuf,
    /// Go on after a failure
    #[arg(long)]
    pub keep_going: bool,
}

impl FuzzArgs {
    /// How long a run takes where nothing else is said.
    const USUAL_LENGTH: Duration = Duration::from_secs(20);
}

/// A history to judge.
#[derive(Clone, Debug, Args)]
pub struct CheckHistoryArgs {
    /// The history: this project's, Jepsen's log of a register, or Porcupine's of a key-value store
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is in the file [default: what it looks like]
    #[arg(long, value_enum)]
    pub format: Option<HistoryFormat>,
    /// Where it is not linearizable, draw the shortest stretch that shows it
    #[arg(long, value_name = "OUT.svg")]
    pub picture: Option<PathBuf>,
    /// The largest file that is read, in bytes
    #[arg(long, value_name = "N", default_value_t = 16 << 20)]
    pub max_bytes: u64,
    /// How much may be remembered of one key, in mebibytes
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub max_memory: u64,
}

/// The configuration.
#[cfg(feature = "tui")]
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// Print all of it, as it is in force
    #[arg(long)]
    pub print: bool,
    /// This file, and not the usual one
    #[arg(long, value_name = "FILE.ron")]
    pub config: Option<PathBuf>,
}

/// Homework to judge.
#[derive(Clone, Debug, Args)]
pub struct GradeArgs {
    /// The task: a file, or the name of one that comes with the program
    #[arg(value_name = "TASK")]
    pub task: String,
    /// What was handed in: a script, as :script writes it
    #[arg(value_name = "SUBMISSION.ron")]
    pub submission: PathBuf,
    /// What is printed: goal by goal in words, or one JSON object
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// A form in which histories are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// This program's, as RON.
    Ron,
    /// This program's, as JSON.
    Json,
    /// Jepsen's log of a register.
    Jepsen,
    /// Porcupine's log of a key-value store.
    Porcupine,
}

impl From<HistoryFormat> for Form {
    fn from(format: HistoryFormat) -> Self {
        match format {
            HistoryFormat::Ron => Self::Ron,
            HistoryFormat::Json => Self::Json,
            HistoryFormat::Jepsen => Self::Jepsen,
            HistoryFormat::Porcupine => Self::Porcupine,
        }
    }
}

/// Where the nodes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// All in one thread.
    Inline,
    /// Each on a thread of its own.
    Threads,
}

impl From<Host> for HostKind {
    fn from(host: Host) -> Self {
        match host {
            Host::Inline => Self::Inline,
            Host::Threads => Self::Threads,
        }
    }
}

/// What a run prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every step, in words.
    Text,
    /// One object at the end.
    Json,
}

/// Does what the command line says, and gives the exit code.
///
/// # Errors
///
/// Says in one sentence what went wrong; [`CliError::code`] is the exit code.
pub fn perform(cli: &Cli) -> Result<ExitCode, CliError> {
    match &cli.task {
        Some(Task::Run(args)) => run::run(args, &mut io::stdout().lock(), &mut io::stderr().lock()),
        Some(Task::Bench(args)) => bench::bench(args, &mut io::stdout().lock()),
        Some(Task::Fuzz(args)) => fuzz::fuzz(args, &mut io::stdout().lock()),
        Some(Task::CheckHistory(args)) => check_history::check_history(args, &mut io::stdout().lock()),
        Some(Task::Grade(args)) => grade::grade(args, &mut io::stdout().lock()),
        #[cfg(feature = "tui")]
        Some(Task::Config(args)) => {
            config::config(args, &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Task::Completions { shell }) => {
            pages::completions(*shell, &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Task::Man { command }) => {
            pages::man(command.as_deref(), &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        None => screen(&cli.screen),
    }
}

#[cfg(not(feature = "tui"))]
fn screen(_: &ScreenArgs) -> Result<ExitCode, CliError> {
    Err(CliError::NoScreen)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn error(line: &str) -> String {
        Cli::try_parse_from(line.split(' ')).unwrap_err().to_string()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_screen_is_the_default_and_runs_are_a_word_away() {
        let cli = Cli::try_parse_from(["raft-play"]).unwrap();
        assert!(cli.task.is_none() && cli.screen.nodes.is_none());
        let cli = Cli::try_parse_from("raft-play --nodes 3 --seed 42 --paused".split(' ')).unwrap();
        assert_eq!(
            (cli.screen.nodes, cli.screen.seed, cli.screen.paused),
            (Some(3), Some(42), true)
        );
        let cli = Cli::try_parse_from("raft-play run figure-7 --for 2s --format json".split(' ')).unwrap();
        let Some(Task::Run(args)) = cli.task else {
            panic!("a run")
        };
        assert_eq!(args.save_to_load.as_deref(), Some("figure-7"));
        assert_eq!(
            (args.duration, args.format),
            (Duration::from_secs(2), Format::Json)
        );
    }

    #[test]
    fn what_can_not_be_is_refused_with_a_reason() {
        for nodes in ["0", "26", "1000", "-1", "five"] {
            let error = error(&format!("raft-play --nodes={nodes}"));
            assert!(error.contains("a cluster has 1 to 25 nodes"), "{error}");
        }
        assert!(error("raft-play --task x --load y").contains("cannot be used with"));
        assert!(error("raft-play --load x --nodes 3").contains("cannot be used with"));
        assert!(error("raft-play run x --seed 3").contains("cannot be used with"));
        assert!(error("raft-play fuzz --seeds 5").contains("1..1000"));
        assert!(error("raft-play fuzz --seeds 5..5").contains("1..1000"));
        assert!(error("raft-play fuzz --break gravity").contains("up-to-date-check"));
        assert!(error("raft-play fuzz --threads 0").contains("--threads"));
        assert!(error("raft-play fuzz --seed 1 --seeds 1..2").contains("cannot be used with"));
        assert!(error("raft-play run --for 10").contains("try 500ms, 10s or 2m"));
        assert!(error("raft-play run --expect violation:Gravity").contains("LeaderCompleteness"));
    }
}
