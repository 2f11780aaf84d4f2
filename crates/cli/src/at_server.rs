//! Commands on a file that a `filedex serve` holds: that process runs them.

use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use filedex::Database;
use filedex_server::{CommandOutput, CommandRunner, LocalServer, SentCommand};

use crate::args::{Args, Command};
use crate::commands;
use crate::database::with_held;
use crate::failure::Failure;
use crate::output::Output;

impl Command {
    /// Whether it can be run by the process that holds its file: it needs neither the file to itself
    /// nor other files of this process's folder.
    fn can_be_sent(&self) -> bool {
        match self {
            Self::Query(args) => args.is_of_the_database_alone(),
            Self::Why(args) => args.is_of_the_database_alone(),
            Self::Export(args) => args.is_to_standard_output(),
            Self::Backup(_)
            | Self::Get(_)
            | Self::Update(_)
            | Self::Delete(_)
            | Self::Tag(_)
            | Self::Stats(_)
            | Self::Info(_)
            | Self::Dataset(_)
            | Self::Version(_)
            | Self::Space(_) => true,
            _ => false,
        }
    }
}

/// Has a command run by the server that holds its file; answers the exit code. `None` where there is
/// no such server, or it does not run such a command.
pub fn sent(can_be_sent: bool, path: &Path, output: &Output) -> Option<Result<u8, Failure>> {
    let server = LocalServer::find(path).filter(|_| can_be_sent)?;
    let args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let (width, colour) = (output.width(), output.shows_colour());
    let folder = std::env::current_dir().unwrap_or_default();
    let command = SentCommand { args, folder, width, colour };
    match server.run(&command, &mut stdout, &mut stderr) {
        Ok(code) => Some(Ok(code)),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Some(Err(Failure::Closed)),
        // What it wrote down is of a process that is gone.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => None,
        Err(error) => {
            let what = format!("the server that holds the file, process {}", server.process());
            Some(Err(Failure::io(what, error)))
        }
    }
}

/// Whether this command, as it was typed, can be sent.
pub fn can_be_sent(args: &Args) -> bool {
    args.command.can_be_sent()
}

/// The commands of this program, for its server.
#[derive(Debug)]
pub struct Commands;

impl CommandRunner for Commands {
    fn run(&self, args: &[String], database: &Arc<Database>, mut to: CommandOutput) -> u8 {
        let args = match Args::try_parse_from(args) {
            Ok(args) => args,
            Err(error) => {
                // Another program than this one sent it, of another version maybe.
                let _ = writeln!(to.stderr, "{error}");
                return 2;
            }
        };
        let mut output = Output::to_program(args.json, args.quiet, to);
        if !args.command.can_be_sent() {
            output.complain(&Failure::Usage("the server does not run this command".to_owned()));
            return 2;
        }
        let done = with_held(database, || {
            commands::run(args.command, &mut output).and_then(|()| output.flush())
        });
        match done {
            Ok(()) => 0,
            Err(failure) => {
                output.complain(&failure);
                failure.exit_status()
            }
        }
    }
}
