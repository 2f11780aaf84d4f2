//! A folder of files into a database, beside `find` and `md5sum` over the same files.
//!
//! ```text
//! cargo build --release -p filedex-cli
//! cargo run --release -p filedex-benches --bin folder -- --copies 10
//! ```
//!
//! The files are those of `pictures` in the data folder (`FILEDEX_DATA`, else `../shared/data`), copied
//! so many times; or `--folder PATH`, which is only read. All of it runs the programs as a person does, in
//! one run, with the files in memory: they are read once before anything is timed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

struct Options {
    folder: Option<PathBuf>,
    copies: u32,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { folder: None, copies: 10 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--folder" => options.folder = Some(value.into()),
            "--copies" => options.copies = value.parse()?,
            _ => return Err(format!("{word:?}: --folder PATH and --copies N are known").into()),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Failure> {
    let program = std::env::current_exe()?.with_file_name("filedex");
    if !program.is_file() {
        return Err("build the program first: cargo build --release -p filedex-cli".into());
    }
    let work = tempfile::tempdir()?;
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => copied(work.path(), options.copies)?,
    };
    let sum = |folder: &Path| {
        let mut find = Command::new("find");
        find.arg(folder).args(["-type", "f", "-exec", "md5sum", "{}", "+"]);
        find
    };
    timed(&mut sum(&folder))?;
    let (files, bytes) = size(&folder)?;
    println!("{files} files, {:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let row = |what: &str, time: Duration| {
        let rate = files as f64 / time.as_secs_f64();
        let volume = bytes as f64 / f64::from(1 << 20) / time.as_secs_f64();
        println!(
            "{what:<44} {:>8.2} s {rate:>10.0} files/s {volume:>8.0} MiB/s",
            time.as_secs_f64()
        );
    };
    row("find and md5sum", timed(&mut sum(&folder))?);
    let sync = |name: &str, more: &[&str]| {
        let mut sync = Command::new(&program);
        sync.arg("sync").arg(work.path().join(name)).arg(&folder).args(more).arg("--json");
        timed(&mut sync)
    };
    row("sync, without perceptual hashes", sync("plain.filedex", &["--no-hashes"])?);
    row("sync", sync("a.filedex", &[])?);
    row("sync again, nothing changed", sync("a.filedex", &[])?);
    row(
        "sync again, --checksum --no-hashes",
        sync("plain.filedex", &["--checksum", "--no-hashes"])?,
    );
    let mut verify = Command::new(&program);
    verify.arg("verify").arg(work.path().join("a.filedex")).args(["--no-decode", "--json"]);
    row("verify, without decoding", timed(&mut verify)?);
    Ok(())
}

/// So many copies of the pictures.
fn copied(work: &Path, copies: u32) -> Result<PathBuf, Failure> {
    let data = std::env::var_os("FILEDEX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let pictures = data.join("pictures");
    if !pictures.is_dir() {
        return Err(format!("{} is no folder; give --folder PATH", pictures.display()).into());
    }
    let folder = work.join("files");
    for copy in 0..copies {
        copy_all(&pictures, &folder.join(copy.to_string()))?;
    }
    Ok(folder)
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The files of a folder and their bytes.
fn size(folder: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let (more, larger) = size(&entry.path())?;
            files += more;
            bytes += larger;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}

fn timed(command: &mut Command) -> Result<Duration, Failure> {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    Ok(started.elapsed())
}
