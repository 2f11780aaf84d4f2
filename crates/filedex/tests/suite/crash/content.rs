//! All that a database says, to compare with what it said before.

use std::fmt::Write as _;

use filedex::{Aggregate, Database, Filter, Query, Reader, Result, StatusFilter, VersionRef};

const QUERIES: [&str; 9] = [
    "",
    "Text:'beach'",
    "Text:'red car'",
    "HAS Comment",
    "FileName:'IMG'",
    "Tags.all = 'car'",
    "DataSize > 100",
    "Status = 'DELETED'",
    "NOT HAS Tags.user",
];
const FACETS: [Aggregate; 3] = [Aggregate::FileDir, Aggregate::FileType, Aggregate::TagsAll];

/// What a database says.
pub struct Content {
    /// The commit it is.
    pub generation: u64,
    /// What needs no index: datasets, versions, folders, notes.
    pub stored: String,
    /// Records, answers, statistics and vectors; and what the check says.
    pub derived: String,
    /// Whether the check found nothing.
    pub sound: bool,
}

impl Content {
    pub fn of(db: &Database) -> Result<Self> {
        let reader = db.reader()?;
        let report = db.check(|_, _| {})?;
        // An index that cannot be read is what the check has found, too.
        let answers = answers(&reader).unwrap_or_else(|error| error.to_string());
        Ok(Self {
            generation: reader.generation(),
            stored: stored(&reader)?,
            derived: format!("{:?}\n{answers}", report.findings),
            sound: report.is_sound(),
        })
    }

    /// What a reader of a sound database says.
    pub fn read_by(reader: &Reader) -> Result<Self> {
        Ok(Self {
            generation: reader.generation(),
            stored: stored(reader)?,
            derived: format!("[]\n{}", answers(reader)?),
            sound: true,
        })
    }

    /// Whether another says the same; their generations may differ.
    pub fn is_that_of(&self, other: &Self) -> bool {
        self.stored == other.stored && self.derived == other.derived
    }
}

/// The first lines in which two texts differ.
pub fn difference(one: &str, other: &str) -> String {
    let differ = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    let cut = |text: &str| text.chars().take(600).collect::<String>();
    differ.map_or("one goes on where the other ends".into(), |(a, b)| {
        format!("{}\nand\n{}", cut(a), cut(b))
    })
}

fn versions(reader: &Reader) -> Result<Vec<VersionRef>> {
    let mut all = Vec::new();
    for dataset in reader.datasets()? {
        for version in reader.versions(&dataset.id)? {
            all.push(reader.version(Some(&dataset.id), Some(&version.id))?);
        }
    }
    Ok(all)
}

fn stored(reader: &Reader) -> Result<String> {
    let mut text = String::new();
    for dataset in reader.datasets()? {
        let (id, name, folder) = (dataset.id, dataset.name, dataset.folder);
        let _ = writeln!(text, "dataset {id} {name} {folder} {:?}", dataset.status);
    }
    for version in versions(reader)? {
        let _ = writeln!(text, "version {}", version.version_name);
        let _ = writeln!(text, "folders {:?}", reader.folders(&version)?);
    }
    let _ = writeln!(text, "notes {:?}", reader.notes("")?);
    Ok(text)
}

fn answers(reader: &Reader) -> Result<String> {
    let mut text = String::new();
    for version in versions(reader)? {
        let all = Query::filter(Filter::All).status(StatusFilter::All);
        for record in reader.scan(&version, &all)? {
            let _ = writeln!(text, "{:?}", record?);
        }
        for query in QUERIES {
            list(reader, &version, &Query::parse(query)?.limit(1_000), &mut text)?;
        }
        for by in FACETS {
            let groups = reader.statistics(&version, by, &all)?;
            let _ = writeln!(text, "{by:?} {groups:?}");
        }
        vectors(reader, &version, &mut text)?;
    }
    Ok(text)
}

fn list(reader: &Reader, version: &VersionRef, query: &Query, text: &mut String) -> Result<()> {
    let page = reader.list(version, query)?;
    let _ = write!(text, "{query}: {}", page.total);
    for hit in page.hits {
        let _ = write!(text, " {} {:?}", hit.record.uri, hit.score.map(f32::to_bits));
    }
    text.push('\n');
    Ok(())
}

fn vectors(reader: &Reader, version: &VersionRef, text: &mut String) -> Result<()> {
    let all = Query::filter(Filter::All).status(StatusFilter::All);
    for summary in reader.spaces(version)? {
        let name = &summary.space.name;
        let _ = writeln!(text, "space {name} {} {}", summary.chosen, summary.vectors);
        for record in reader.scan(version, &all)? {
            let vector = reader.vector(version, &record?.id, Some(name))?;
            let _ = writeln!(text, "{vector:?}");
        }
        let asked: Vec<f32> = (1..=summary.space.dimension).map(|n| 1.0 / n as f32 - 0.3).collect();
        let nearest = Query::filter(Filter::All).vector(asked).space(name).top_k(10).exact();
        list(reader, version, &nearest, text)?;
    }
    Ok(())
}
