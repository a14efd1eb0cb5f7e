//! Judges a history file.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use super::CheckHistoryArgs;
use super::error::CliError;
use crate::linear::{self, Failure, History, Limits, Report, Stretch, Verdict, judge, shorten};
use crate::save::{self, Overwrite};

/// So many keys are told of.
const TOLD: usize = 5;

/// Reads, judges, tells; draws where it is asked to and there is something to draw.
pub(super) fn check_history(args: &CheckHistoryArgs, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let text = read_text(&args.file, args.max_bytes)?;
    let history = linear::read(&text, args.format.map(Into::into)).map_err(|source| CliError::History {
        path: args.file.clone(),
        source,
    })?;
    drop(text);
    let limits = Limits {
        bytes: usize::try_from(args.max_memory)
            .unwrap_or(usize::MAX)
            .saturating_mul(1 << 20),
        ..Limits::default()
    };
    let report = judge(&history, limits);
    let stretch = report.failures.first().map(|failure| shorten(&history, failure));
    tell(&history, &report, stretch.as_ref(), out)?;
    if let (Some(path), Some(stretch)) = (&args.picture, &stretch) {
        let path = save::write_text(path, &linear::svg(&history, stretch), Overwrite::Replace)?;
        writeln!(out, "picture: {}", path.display())?;
    }
    Ok(match report.verdict() {
        Verdict::Linearizable => ExitCode::SUCCESS,
        Verdict::NotLinearizable => ExitCode::FAILURE,
        Verdict::Undecided => ExitCode::from(3),
    })
}

/// The text of a plain file that is not too large.
fn read_text(path: &Path, most: u64) -> Result<String, CliError> {
    let unreadable = |source: io::Error| CliError::HistoryFile {
        path: path.to_owned(),
        problem: source.to_string(),
    };
    let refused = |problem: String| CliError::HistoryFile {
        path: path.to_owned(),
        problem,
    };
    let too_large = || {
        refused(format!(
            "larger than {most} bytes, the most that is read; --max-bytes raises it"
        ))
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(refused("no plain file".to_owned()));
    }
    if metadata.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refused(format!("no history, for it is no text (byte {at} is not UTF-8)"))
    })
}

fn tell(
    history: &History,
    report: &Report,
    stretch: Option<&Stretch>,
    out: &mut impl Write,
) -> io::Result<()> {
    let Report {
        keys,
        operations,
        unknown,
        failures,
        undecided,
    } = report;
    let verdict = match report.verdict() {
        Verdict::Linearizable => "linearizable",
        Verdict::NotLinearizable => "not linearizable",
        Verdict::Undecided => "undecided",
    };
    let counted = |count: &usize, what: &str| format!("{count} {what}{}", if *count == 1 { "" } else { "s" });
    writeln!(
        out,
        "{verdict}: {} on {}, {unknown} of unknown outcome",
        counted(operations, "operation"),
        counted(keys, "key")
    )?;
    for failure in failures.iter().take(TOLD) {
        write!(out, "\n{}", linear::tell(history, failure))?;
    }
    tell_rest(failures, out)?;
    for reason in undecided {
        writeln!(out, "\nundecided: {reason}; --max-memory gives more")?;
    }
    if let (Some(stretch), Some(failure)) = (stretch, failures.first()) {
        let (kept, all) = (stretch.kept.len(), failure.operations);
        writeln!(
            out,
            "\n{kept} of the {all} operations show it:\n{}",
            linear::tell_stretch(history, stretch)
        )?;
    }
    Ok(())
}

fn tell_rest(failures: &[Failure], out: &mut impl Write) -> io::Result<()> {
    let rest = failures.len().saturating_sub(TOLD);
    if rest > 0 {
        writeln!(out, "\n{rest} more keys are not linearizable")?;
    }
    Ok(())
}
