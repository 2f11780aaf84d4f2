//! Queries: the same answers from each engine.

use std::time::{Duration, Instant};

use filedex::Query as FiledexQuery;
use tantivy::query::Query as TantivyQuery;

use crate::Outcome;
use crate::engine::{Filedex, Keyset, PAGE, Sqlite, Statements, Tantivy};
use crate::options::Options;
use crate::question::{QUESTIONS, Question, Target, Want};
use crate::record::Outline;
use crate::report::{Report, Table, millis, times, verdict};
use crate::timing::{Samples, timed, turns};
use crate::workshop::Workshop;

const ROUNDS: usize = 200;
/// A question is not asked more often than fits this time, but this often at least.
const PATIENCE: Duration = Duration::from_secs(30);
const FEWEST_ROUNDS: usize = 20;
const WARM_UP: usize = 3;
const TO_TANTIVY: f64 = 1.3;

/// The three engines, open.
struct Engines {
    filedex: Filedex,
    sqlite: Sqlite,
    tantivy: Tantivy,
}

/// One page of a question, ready to be asked of each.
struct Prepared<'a> {
    question: &'a Question,
    name: String,
    filedex: FiledexQuery,
    statements: Statements,
    keyset: Option<Keyset>,
    tantivy: Box<dyn TantivyQuery>,
    skipped: usize,
}

/// Asks every question in turns.
///
/// # Errors
/// When an engine refuses a question.
pub fn run(workshop: &Workshop, options: &Options, report: &mut Report) -> Outcome {
    report.section(
        "Queries",
        "Each answer is the exact total and ten whole records (a count: the total alone), in \
         milliseconds. Later pages start from the record before (tantivy: skip so many) and are \
         not counted again. Queries are parsed, statements prepared before; the files are in \
         memory and as their imports left them. Ties: Filedex and SQLite by id, tantivy by its own \
         document number.",
        "at most SQLite's median, and at most 1.3 times tantivy's.",
    );
    let engines = Engines {
        filedex: Filedex::open(&workshop.filedex())?,
        sqlite: Sqlite::open(&workshop.sqlite())?,
        tantivy: Tantivy::open(&workshop.tantivy())?,
    };
    report.line(&format!("tantivy has {} segments.\n", engines.tantivy.segments()));
    let mut table = Table::new(&[
        "question",
        "total",
        "Filedex",
        "p95",
        "SQLite",
        "p95",
        "tantivy",
        "p95",
        "/ SQLite",
        "/ tantivy",
        "target",
    ]);
    let mut warnings = Vec::new();
    for question in QUESTIONS {
        for prepared in prepare(&engines, question)? {
            let outlines = warm_up(&engines, &prepared)?;
            compare(&prepared, &outlines, &mut warnings);
            let samples = measure(&engines, &prepared, options.rounds.unwrap_or(ROUNDS))?;
            let total = outlines[0].total.map_or_else(String::new, |total| total.to_string());
            table.row(cells(&prepared, total, &samples));
        }
    }
    report.table(&table);
    for warning in warnings {
        report.warning(&warning);
    }
    Ok(())
}

fn prepare<'a>(engines: &Engines, question: &'a Question) -> Outcome<Vec<Prepared<'a>>> {
    let page = |name: &str, skipped: usize| -> Outcome<Prepared<'a>> {
        Ok(Prepared {
            question,
            name: name.to_owned(),
            filedex: Filedex::query(question)?,
            statements: Sqlite::statements(question),
            keyset: None,
            tantivy: engines.tantivy.query(&question.tantivy)?,
            skipped,
        })
    };
    let first = page(question.name, 0)?;
    let Want::Dated { later_page: Some(wanted) } = question.want else {
        return Ok(vec![first]);
    };
    let found = engines.filedex.ask(&first.filedex, question.want)?;
    let pages = usize::try_from(found.total.unwrap_or(0))? / PAGE;
    let number = wanted.min(pages);
    if number < 2 {
        return Ok(vec![first]);
    }
    let skipped = (number - 1) * PAGE;
    let mut later = page(&format!("{}, page {number}", question.name), skipped)?;
    let cursor = engines.filedex.cursor_after(&later.filedex, skipped)?;
    later.filedex = later.filedex.after(cursor.ok_or("no page follows")?);
    later.keyset = Some(engines.sqlite.key_after(question, skipped)?);
    Ok(vec![first, later])
}

fn ask(engines: &Engines, prepared: &Prepared<'_>, engine: usize) -> Outcome<(Outline, Duration)> {
    let want = prepared.question.want;
    Ok(match engine {
        0 => {
            let (found, taken) = timed(|| engines.filedex.ask(&prepared.filedex, want));
            (found?.outline(), taken)
        }
        1 => {
            let (found, taken) = timed(|| match &prepared.keyset {
                Some(after) => engines.sqlite.ask_after(&prepared.statements, after),
                None => engines.sqlite.ask(&prepared.statements, want),
            });
            (found?.outline(), taken)
        }
        _ => {
            let query = prepared.tantivy.as_ref();
            let (found, taken) = timed(|| engines.tantivy.ask(query, want, prepared.skipped));
            (found?.outline(), taken)
        }
    })
}

fn warm_up(engines: &Engines, prepared: &Prepared<'_>) -> Outcome<[Outline; 3]> {
    for _ in 1..WARM_UP {
        for engine in 0..3 {
            ask(engines, prepared, engine)?;
        }
    }
    let outline = |engine| ask(engines, prepared, engine).map(|(outline, _)| outline);
    Ok([outline(0)?, outline(1)?, outline(2)?])
}

fn measure(engines: &Engines, prepared: &Prepared<'_>, rounds: usize) -> Outcome<[Samples; 3]> {
    let mut samples: [Samples; 3] = Default::default();
    let started = Instant::now();
    for round in 0..rounds {
        if round >= FEWEST_ROUNDS && started.elapsed() > PATIENCE {
            break;
        }
        for engine in turns(round, samples.len()) {
            let (_, taken) = ask(engines, prepared, engine)?;
            samples[engine].push(taken);
        }
    }
    Ok(samples)
}

/// Looks whether the three say the same, as far as they can be expected to.
fn compare(prepared: &Prepared<'_>, outlines: &[Outline; 3], warnings: &mut Vec<String>) {
    let [filedex, sqlite, tantivy] = outlines;
    let mut warn = |what: String| warnings.push(format!("{}: {what}", prepared.name));
    if prepared.skipped == 0 && (filedex.total != sqlite.total || filedex.total != tantivy.total) {
        let why = if prepared.question.same_meaning {
            "though all mean the same"
        } else {
            "their words differ"
        };
        let told = |outline: &Outline| outline.total.unwrap_or(0);
        warn(format!(
            "totals differ ({why}): Filedex {}, SQLite {}, tantivy {}",
            told(filedex),
            told(sqlite),
            told(tantivy)
        ));
    }
    match prepared.question.want {
        Want::Dated { .. } => {
            if filedex.ids != sqlite.ids {
                warn("Filedex and SQLite list other records".to_owned());
            }
            if filedex.dates != tantivy.dates {
                warn("Filedex and tantivy list other dates".to_owned());
            }
        }
        Want::Ranked => {
            let shared =
                |other: &Outline| filedex.ids.iter().filter(|id| other.ids.contains(id)).count();
            warn(format!(
                "of Filedex's ten best, SQLite has {} and tantivy {} among theirs",
                shared(sqlite),
                shared(tantivy)
            ));
        }
        Want::Count => {}
    }
}

fn cells(prepared: &Prepared<'_>, total: String, samples: &[Samples; 3]) -> Vec<String> {
    let [filedex, sqlite, tantivy] = samples;
    let (to_sqlite, to_tantivy) = (filedex.ratio_to(sqlite), filedex.ratio_to(tantivy));
    let mut cells = vec![prepared.name.clone(), total];
    for engine in samples {
        cells.extend([millis(engine.median()), millis(engine.p95())]);
    }
    cells.extend([times(to_sqlite), times(to_tantivy)]);
    cells.push(match prepared.question.target {
        Target::SqliteAndTantivy => verdict(to_sqlite <= 1.0 && to_tantivy <= TO_TANTIVY),
        Target::Orientation => "none".to_owned(),
    });
    cells
}
