//! `filedex query`: what an expression finds.

use std::time::{Duration, Instant};

use filedex::{
    Cursor, Explanation, NearestPath, Order, Page, Query, Reader, SortBy, VersionRef, limits,
};
use serde_json::{Value, json};

use crate::args::{Direction, File, Scope, StatusArg};
use crate::commands::hits;
use crate::failure::Failure;
use crate::meaning::{Asked, Meaning};
use crate::output::{Output, Style};
use crate::terminal::{clean, shell_word};
use crate::units::{count, counted, duration};

const HELP: &str = "\
Examples:
  filedex query photos.filedex \"Tags.all = 'beach' AND NOT FileType = 'video'\"
  filedex query photos.filedex \"Text:'red car'\" --highlight --limit 20
  filedex query photos.filedex \"Attributes.width >= 800\" --sort Attributes.width --order asc
  filedex query photos.filedex \"FileName CONTAINS 'car' AND FileUpdateTime > -30d\" --json
  filedex query photos.filedex \"Tags.user IN ('cat', 'dog')\" --all --json | jq '.hits[].uri'
  filedex query photos.filedex \"FileType = 'image'\" --text 'children playing in the snow'
  filedex query photos.filedex --similar-to file:///photos/2025/beach.jpg --query-type vector
  filedex query photos.filedex \"Content:'a red car' AND TopK = 20\" --exact

The language is described in grammar/QUERY.md. A blank expression finds everything. Text:'…' ranks
by relevance; anything else is ordered by --sort, newest record first where nothing is said.

A search by meaning ranks files by their vectors, which `filedex embed` gives them, and, with a text,
by its words too. Its options are clauses of the language (Content, SimilarTo, QueryType, TopK,
ScoreThreshold, Exact, Space, Fusion, VectorWeight), written as options.";

/// Find files by an expression
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// What to find
    #[arg(value_name = "EXPRESSION", default_value = "", hide_default_value = true)]
    expression: String,
    /// What to order by: FileName, DataSize, FileUpdateTime, Attributes.width, Relevance, …
    #[arg(long, value_name = "PROPERTY", value_parser = filedex::parse_sort)]
    sort: Option<SortBy>,
    /// In which direction; desc where it is not said
    #[arg(long, value_name = "DIRECTION", requires = "sort")]
    order: Option<Direction>,
    /// Files on a page, 1 to 10,000; 10 where neither this nor MaxResults says
    #[arg(long, short = 'n', value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::PAGE_ITEMS)))]
    limit: Option<u32>,
    /// Where the page starts: what the page before gave as next
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// All pages
    #[arg(long)]
    all: bool,
    /// Files of which status; active ones where neither this nor Status says
    #[arg(long)]
    status: Option<StatusArg>,
    /// Show where the words of Text:'…' match
    #[arg(long)]
    highlight: bool,
    /// Show how the answer was found
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    meaning: Meaning,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let asked = args.meaning.ask(&args.file, &args.scope, &args.expression, output)?;
    let Asked { reader, version, query, .. } = &asked;
    let pages = Pages { reader, version, query: args.paged(query.clone()), all: args.all };
    if output.is_json() { as_json(pages, output) } else { as_tables(args, pages, output) }
}

impl Args {
    /// Whether no other file is asked with.
    pub fn is_of_the_database_alone(&self) -> bool {
        self.meaning.is_of_the_database_alone()
    }

    /// A question with what is said of its order and its pages.
    fn paged(&self, mut query: Query) -> Query {
        if let Some(by) = &self.sort {
            query = query.sort(by.clone(), self.order.map_or(Order::Desc, Order::from));
        }
        if let Some(status) = self.status {
            query = query.status(status.into());
        }
        match self.limit {
            Some(limit) => query = query.limit(limit),
            // Fewer, larger pages take less time.
            None if self.all => query = query.limit(1_000),
            None => {}
        }
        if let Some(cursor) = &self.cursor {
            query = query.after(Cursor::new(cursor.clone()));
        }
        if self.highlight {
            query = query.highlight();
        }
        if self.explain { query.explain() } else { query }
    }

    /// The command that shows the page after this one.
    fn next_command(&self, next: &Cursor) -> String {
        let mut words =
            vec!["filedex".into(), "query".into(), self.file.path.display().to_string()];
        words.push(self.expression.clone());
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [format!("--{name}"), value]));
        };
        option("sort", self.sort.as_ref().map(ToString::to_string));
        let order = |order| if order == Direction::Asc { "asc" } else { "desc" };
        option("order", self.order.map(|direction| order(direction).to_owned()));
        option("limit", self.limit.map(|limit| limit.to_string()));
        option("status", self.status.map(|status| status.name().to_owned()));
        option("dataset", self.scope.dataset.clone());
        option("version", self.scope.version.clone());
        option("cursor", Some(next.to_string()));
        words.extend(self.meaning.words());
        if self.highlight {
            words.push("--highlight".into());
        }
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }
}

/// The pages of an answer that were asked for: one, or all from there on.
struct Pages<'a> {
    reader: &'a Reader,
    version: &'a VersionRef,
    query: Query,
    all: bool,
}

impl Pages<'_> {
    /// Gives each page to `show`, with the time it took.
    fn each(
        mut self,
        mut show: impl FnMut(Page, Duration) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            let started = Instant::now();
            let page = self.reader.list(self.version, &self.query)?;
            let took = started.elapsed();
            let next = page.next.clone().filter(|_| self.all);
            show(page, took)?;
            match next {
                Some(cursor) => self.query = self.query.after(cursor),
                None => return Ok(()),
            }
        }
    }
}

/// One line, written as the pages come: `{"total":…,"hits":[…],"next":…}`, and `nearest` where they
/// are ranked by meaning.
fn as_json(pages: Pages<'_>, output: &mut Output) -> Result<(), Failure> {
    let all = pages.all;
    let (mut begun, mut separator) = (false, "");
    let (mut next, mut nearest, mut explanation) = (None, None, None);
    pages.each(|page, _| {
        if !begun {
            output.raw(&format!("{{\"total\":{},\"hits\":[", page.total))?;
            explanation = page.explanation.as_ref().map(explanation_json);
            nearest = page.nearest;
            begun = true;
        }
        for hit in &page.hits {
            output.raw(separator)?;
            output.raw_json(&hits::as_json(hit))?;
            separator = ",";
        }
        next = page.next.filter(|_| !all);
        Ok(())
    })?;
    output.raw("],\"next\":")?;
    output.raw_json(&next)?;
    if let Some(path) = nearest {
        output.raw(",\"nearest\":")?;
        output.raw_json(&path.to_string())?;
    }
    if let Some(explanation) = explanation {
        output.raw(",\"explain\":")?;
        output.raw_json(&explanation)?;
    }
    output.raw("}\n")
}

fn explanation_json(explanation: &Explanation) -> Value {
    let micros = |time: Duration| time.as_micros() as u64;
    let steps = explanation.steps.iter().map(|step| {
        json!({
            "depth": step.depth,
            "path": step.path.to_string(),
            "what": step.what,
            "estimated": step.estimated,
            "actual": step.actual,
            "micros": micros(step.time),
        })
    });
    let nearest = explanation.nearest.as_ref().map(
        |step| json!({ "path": step.path.to_string(), "rows": step.rows, "vectors": step.vectors }),
    );
    json!({
        "nearest": nearest,
        "driver": explanation.driver.to_string(),
        "order": explanation.order,
        "estimated": explanation.estimated,
        "total": explanation.total,
        "planning_micros": micros(explanation.planning),
        "searching_micros": micros(explanation.searching),
        "steps": steps.collect::<Value>(),
        "text": explanation.to_string(),
    })
}

fn as_tables(args: &Args, pages: Pages<'_>, output: &mut Output) -> Result<(), Failure> {
    let (mut shown, mut total, mut took, mut next) = (0, 0, Duration::ZERO, None);
    let (mut nearest, mut explanation) = (None, None);
    pages.each(|page, time| {
        if !page.hits.is_empty() {
            let table = hits::table(&page.hits, args.sort.as_ref(), output);
            output.table(&table)?;
        }
        shown += page.hits.len() as u64;
        took += time;
        (total, next, nearest) = (page.total, page.next, page.nearest);
        explanation = explanation.take().or(page.explanation);
        Ok(())
    })?;
    let found = counted(total, "file", "files");
    let part = if shown < total { format!(", {} shown", count(shown)) } else { String::new() };
    output.line(output.styled(Style::Bold, &format!("{found}{part}, {}", duration(took))))?;
    if let Some(path) = nearest {
        output.line(output.styled(Style::Dim, &nearest_line(path, total)))?;
    }
    if let Some(explanation) = explanation {
        output.line("")?;
        for line in explanation.to_string().lines() {
            output.line(clean(line))?;
        }
    }
    if let Some(next) = next.filter(|_| !args.all) {
        output
            .line(output.styled(Style::Dim, &format!("next page: {}", args.next_command(&next))))?;
    }
    Ok(())
}

/// How the nearest were found.
fn nearest_line(path: NearestPath, total: u64) -> String {
    let hits = counted(total, "hit", "hits");
    let how = match path {
        NearestPath::Exact => "proved to be the nearest",
        NearestPath::Cascade | NearestPath::Graph => "nearly always the nearest; --exact proves it",
    };
    format!("by meaning: {hits}, path {path}, {how}")
}
