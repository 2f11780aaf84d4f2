//! Help and completions.

use crate::program::Folder;

/// The names under `Commands:` in a help text.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn visit(folder: &Folder, path: &mut Vec<String>, seen: &mut Vec<String>) {
    let help = folder.run(path.iter().map(String::as_str).chain(["--help"])).ok().stdout;
    let name = format!("filedex {}", path.join(" "));
    assert!(help.contains("Examples:"), "{name} has no example: {help}");
    assert!(
        help.contains(&format!("\n  {}", name.trim_end())) || help.contains("| filedex"),
        "{help}"
    );
    let too_wide = help.lines().find(|line| line.chars().count() > 100);
    assert_eq!(too_wide, None, "{name}");
    seen.push(name);
    for inner in commands(&help) {
        path.push(inner);
        visit(folder, path, seen);
        path.pop();
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let mut seen = Vec::new();
    visit(&Folder::new(), &mut Vec::new(), &mut seen);
    assert_eq!(seen.len(), 43, "{seen:?}");
}

#[test]
fn bad_usage_is_2_and_help_is_0() {
    let folder = Folder::new();
    for args in [vec!["--help"], vec!["--version"], vec!["help", "query"]] {
        folder.run(args).ok();
    }
    for args in [vec![], vec!["nonsense"], vec!["query"], vec!["import", "a.filedex"]] {
        assert_eq!(folder.run(args).code, Some(2));
    }
}

#[test]
fn completions_for_every_shell() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(["completions", shell]).ok().stdout;
        assert!(script.contains("completions") && script.contains("dataset"), "{shell}");
    }
    assert_eq!(folder.run(["completions", "tcl"]).code, Some(2));
}
