//! The names of the notes that the server keeps in the file: `server/`, what it is about, the dataset,
//! and the rest.

use filedex::FileId;

/// Dataset ids up to this stand in names as they are; longer ones by their hash, since a name has at
/// most 256 bytes.
const PLAIN_ID: usize = 80;

/// The start of the names of all notes of the server.
pub(crate) const ALL: &str = "server/";

/// The name of a note about a dataset; with an empty rest the start of the names of several.
pub(crate) fn name(about: &str, dataset_id: &str, rest: &str) -> String {
    format!("{ALL}{about}/{}/{rest}", key(dataset_id))
}

/// What stands for a dataset in names.
fn key(dataset_id: &str) -> String {
    if dataset_id.len() <= PLAIN_ID && !dataset_id.contains('/') {
        return dataset_id.to_owned();
    }
    format!("#{}", FileId::of(dataset_id, ""))
}

/// Whether a note is about one of these datasets.
pub(crate) fn is_about_one(name: &str, datasets: &[String]) -> bool {
    let key_of = name.split('/').nth(2).unwrap_or_default();
    datasets.iter().any(|id| key(id) == key_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_are_told_apart() {
        let long = "d".repeat(256);
        let ids = ["d-1", "d-10", "a/b", long.as_str()].map(str::to_owned);
        for id in &ids {
            let name = name("job", id, "dsjob-0123456789abcdef0123456789abcdef");
            assert!(name.len() <= 256, "{name}");
            assert!(is_about_one(&name, std::slice::from_ref(id)), "{name}");
            let others: Vec<_> = ids.iter().filter(|other| *other != id).cloned().collect();
            assert!(!is_about_one(&name, &others), "{name}");
        }
    }
}
