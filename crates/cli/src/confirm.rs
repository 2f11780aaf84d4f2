//! Asking before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use crate::args::Consent;
use crate::failure::Failure;
use crate::output::Output;

/// Goes on where consent was given or a person says yes.
///
/// # Errors
/// Usage, where there is no terminal to ask on; failure, where the answer is no.
pub fn confirm(what: &str, consent: Consent, output: &Output) -> Result<(), Failure> {
    if consent.yes {
        return Ok(());
    }
    let (stdin, mut stderr) = (std::io::stdin(), std::io::stderr());
    if !output.can_ask() || !stdin.is_terminal() || !stderr.is_terminal() {
        return Err(Failure::Usage(format!(
            "{what}: there is no terminal to ask on, so say --yes to do it; nothing was changed"
        )));
    }
    let mut answer = String::new();
    // A question that cannot be shown gets no answer, which is a no.
    let _ = write!(stderr, "{what}. Go on? [y/N] ").and_then(|()| stderr.flush());
    let _ = stdin.lock().read_line(&mut answer);
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Failed("nothing was changed".to_owned())),
    }
}
