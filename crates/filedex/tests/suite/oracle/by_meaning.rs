//! Questions by meaning, and the spaces they are asked in.

use std::collections::BTreeMap;

use filedex::{
    FileId, Fusion, ListOptions, ListedFile, NearestPath, Query, QueryType, Reader, VersionRef,
};
use filedex_testkit::oracle::{Near, PlainVersion, World};
use filedex_testkit::script::{Listing, Nearby, Place, Toward};

use super::play::{Compared, Player, unexpected};
use super::questions::{REASONED, page, scan};

pub fn near_query(nearby: &Nearby) -> Result<Query, String> {
    let among = &nearby.among;
    let named = |name: &str| {
        let text = format!("SimilarTo = {}", quoted(name));
        Query::parse(&text).map_err(unexpected(&text))
    };
    let words = &nearby.words;
    let query = match &nearby.toward {
        Toward::Vector(vector) => {
            let options = ListOptions { query_text: words.text.clone(), ..Default::default() };
            let query = Query::from_options(&options).map_err(unexpected("options"))?;
            query.vector(vector.clone())
        }
        Toward::Text(text) => {
            let text = format!("Content:{}", quoted(text));
            Query::parse(&text).map_err(unexpected(&text))?
        }
        Toward::Uri(uri) => named(uri)?,
        Toward::Id(id) => named(&id.to_string())?,
    };
    let mut query = query.narrow(among.filter.clone()).status(among.status).at(among.now);
    if let Some((by, order)) = &among.sort {
        query = query.sort(by.clone(), *order);
    }
    if let Some(name) = &nearby.space {
        query = query.space(name);
    }
    if let Some(model) = &nearby.model {
        query = query.model(model);
    }
    if let Some(top_k) = nearby.top_k {
        query = query.top_k(top_k);
    }
    if let Some(above) = nearby.above {
        query = query.above(above);
    }
    if nearby.exact {
        query = query.exact();
    }
    if words.reciprocal || words.weight.is_some() {
        let fusion = if words.reciprocal { Fusion::Rrf } else { Fusion::Convex };
        query = query.fuse(fusion, words.weight);
    }
    Ok(if words.ignored { query.query_type(QueryType::Vector) } else { query })
}

/// A text as the query language writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A hit as the oracle has it.
fn near_of(hit: &ListedFile) -> Near {
    let parts = hit.parts.unwrap_or_default();
    Near { id: hit.record.id, similarity: hit.score, bm25: parts.bm25, fused: parts.fused }
}

impl Player {
    pub(super) fn compare_near(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
        nearby: &Nearby,
    ) -> Compared {
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let query = near_query(nearby)?;
        let plain = world.version(at).cloned();
        let believed = Nearby { among: (self.belief)(&nearby.among), ..nearby.clone() };
        let wanted = plain.clone().and_then(|plain| plain.near(&believed));
        // A page is cut from the list, so asking for all of it shows the path that was taken.
        let whole = reader.list(&version, &query.clone().limit(nearby.among.pages));
        let Some((first, wanted)) = self.agreed("near", whole, wanted)? else { return Ok(()) };
        let certain = first.nearest == Some(NearestPath::Exact);
        if !certain {
            let plain = plain.map_err(|refusal| format!("{refusal:?} is no version"))?;
            return self.compare_approximate(reader, &version, &query, &believed, &plain);
        }
        let listing = Listing { text: false, ..nearby.among.clone() };
        let found = self.walk(listing.pages, wanted.len() as u64, |cursor| {
            page(reader, &version, &query, &listing, cursor)
        })?;
        let found: Vec<Near> = found.iter().map(near_of).collect();
        self.same("the nearest, with their scores", &found, &wanted)?;
        let count = reader.count(&version, &query).map_err(unexpected("count"))?;
        self.same("the count of the nearest", &count, &(wanted.len() as u64))?;
        let mut ids: Vec<FileId> = wanted.iter().map(|near| near.id).collect();
        ids.sort_unstable();
        self.same("a scan of the nearest", &scan(reader, &version, &query)?, &ids)?;
        self.compare_reasons(reader, &version, &query, nearby, &wanted)
    }

    /// Files say the place that they have. In a field's order that is the place by similarity, which
    /// the list does not show.
    fn compare_reasons(
        &mut self,
        reader: &Reader,
        version: &VersionRef,
        query: &Query,
        nearby: &Nearby,
        wanted: &[Near],
    ) -> Compared {
        if nearby.among.sort.is_some() {
            return Ok(());
        }
        for (place, near) in wanted.iter().enumerate().take(REASONED) {
            let why = reader.why(version, query, &near.id).map_err(unexpected("why"))?;
            self.same("the place that why says", &why.place, &Some(place as u64 + 1))?;
            self.same("reasons of a hit", &why.reasons(), &Vec::new())?;
        }
        Ok(())
    }

    /// What the cascade or a graph found: true similarities of files that pass, in order, and no
    /// more of them than there are. Which ones they find is theirs.
    fn compare_approximate(
        &mut self,
        reader: &Reader,
        version: &VersionRef,
        query: &Query,
        nearby: &Nearby,
        plain: &PlainVersion,
    ) -> Compared {
        let every = Nearby { top_k: Some(filedex::limits::TOP_K), ..nearby.clone() };
        let every = plain.near(&every).map_err(|refusal| format!("{refusal:?}, of more"))?;
        let scores: BTreeMap<FileId, Option<f32>> =
            every.iter().map(|near| (near.id, near.similarity)).collect();
        let page = reader.list(version, &query.clone().limit(filedex::limits::PAGE_ITEMS));
        let page = page.map_err(unexpected("the whole list"))?;
        let most = every.len().min(nearby.top_k.unwrap_or(100) as usize);
        self.same("at most as many as there are", &(page.hits.len() <= most), &true)?;
        self.same("the total", &page.total, &(page.hits.len() as u64))?;
        for hit in &page.hits {
            let wanted = scores.get(&hit.record.id).copied();
            self.same("a similarity", &Some(hit.score), &wanted)?;
        }
        if nearby.among.sort.is_none() {
            let hits = page.hits.iter().map(near_of);
            let keys = hits.map(|near| (-near.fused.or(near.similarity).unwrap_or(0.0), near.id));
            let keys: Vec<_> = keys.collect();
            let ordered = keys.windows(2).all(|pair| pair[0] < pair[1]);
            self.same("best first, ties by id, each once", &ordered, &true)?;
        }
        Ok(())
    }

    pub(super) fn compare_spaces(
        &mut self,
        reader: &Reader,
        version: &VersionRef,
        plain: &PlainVersion,
    ) -> Compared {
        let spaces = reader.spaces(version).map_err(unexpected("spaces"))?;
        let got: Vec<_> = spaces
            .iter()
            .map(|summary| (summary.space.name.clone(), summary.chosen, summary.vectors))
            .collect();
        let wanted: Vec<_> = plain
            .spaces
            .iter()
            .map(|space| (space.space.name.clone(), space.chosen, space.vectors.len() as u64))
            .collect();
        self.same("spaces", &got, &wanted)?;
        for space in &plain.spaces {
            for record in plain.files.records() {
                let vector = reader.vector(version, &record.id, Some(&space.space.name));
                let wanted = space.vectors.get(&record.id).cloned();
                self.same("a vector", &vector.map_err(unexpected("vector"))?, &wanted)?;
            }
        }
        Ok(())
    }
}
