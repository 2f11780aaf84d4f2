//! Ctrl-C: once to stop after the step under way, twice to end at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;

use crate::failure::Failure;
use crate::output::{Output, to_stderr};

/// What the shell expects of a program that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;

/// Set once the user wants an end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C (and SIGTERM, SIGHUP). `on_first` is run at the first one; at the second
    /// the process ends where it stands, which loses nothing that was committed.
    pub fn listen(on_first: impl Fn() + Send + 'static) -> Result<Self, Failure> {
        let interrupt = Self::default();
        let flag = Arc::clone(&interrupt.0);
        let handler = move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(EXIT_INTERRUPTED);
            }
            on_first();
        };
        ctrlc::set_handler(handler)
            .map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
        Ok(interrupt)
    }

    /// Listens while work is shown by a bar, and says that it is heard.
    pub fn listen_under(bar: &ProgressBar, output: &Output) -> Result<Self, Failure> {
        let (bar, says) = (bar.clone(), output.shows_progress());
        Self::listen(move || {
            if says {
                let say =
                    || to_stderr("stopping after the batch under way; Ctrl-C again ends at once");
                bar.suspend(say);
            }
        })
    }

    /// The flag, for the library.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether the user wants an end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
