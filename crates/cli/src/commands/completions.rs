//! `filedex completions`: what a shell completes.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "\
Examples:
  filedex completions bash > ~/.local/share/bash-completion/completions/filedex
  filedex completions zsh > ~/.zfunc/_filedex
  filedex completions fish > ~/.config/fish/completions/filedex.fish";

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    let mut command = crate::args::Args::command();
    clap_complete::generate(args.shell, &mut command, "filedex", &mut script);
    output.raw(&String::from_utf8_lossy(&script))
}
