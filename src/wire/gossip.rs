//! Routes that servers tell each other.

use super::error::{EncodeError, Fault, WireError};
use super::reader::Reader;
use super::writer::Writer;
use crate::types::{Address, Incarnation, Route, RouteNews, RouteVersion};

pub(super) fn write(writer: &mut Writer, news: &[RouteNews]) -> Result<(), EncodeError> {
    writer.count(news.len())?;
    for RouteNews { node, route, age } in news {
        let Route { address, version } = route;
        writer.node(*node);
        writer.blob(address.text().as_bytes());
        writer.number(version.incarnation.number());
        writer.number(version.change);
        writer.duration(*age);
    }
    Ok(())
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<RouteNews>, WireError> {
    let count = reader.count()?;
    (0..count).map(|_| read_news(reader)).collect()
}

fn read_news(reader: &mut Reader<'_>) -> Result<RouteNews, WireError> {
    Ok(RouteNews {
        node: reader.node()?,
        route: Route {
            address: read_address(reader)?,
            version: RouteVersion {
                incarnation: Incarnation::new(reader.number()?),
                change: reader.number()?,
            },
        },
        age: reader.duration()?,
    })
}

/// An address; none is a text without letters.
fn read_address(reader: &mut Reader<'_>) -> Result<Address, WireError> {
    let place = reader.place();
    let bytes = reader.blob()?;
    if bytes.is_empty() {
        return Ok(Address::default());
    }
    let text = std::str::from_utf8(&bytes).ok();
    let address = text.and_then(Address::new);
    address.ok_or_else(|| reader.fault_at(place, Fault::Address))
}
