//! Results that borrow from a `&mut`, named, tied by a bound, and under `#[async_trait]`.

use std::io;

use async_trait::async_trait;
use retry_core::retry_worker;

struct Worker {
    name: String,
}

impl Worker {
    #[retry_worker]
    async fn typed(self: &mut Self) -> io::Result<&str> {
        Ok(&self.name)
    }

    #[retry_worker]
    fn named<'a>(&'a mut self) -> io::Result<Vec<&'a str>> {
        Ok(vec![&self.name])
    }
}

#[retry_worker]
fn tied<'a: 'b, 'b>(name: &'a mut String, _: &'b str) -> io::Result<&'b str> {
    Ok(name)
}

#[retry_worker]
async fn tied_by_a_chain<'a, 'b, 'c>(name: &'a mut String, other: &'c str) -> io::Result<&'c str>
where
    'b: 'c,
    'a: 'b,
{
    let _ = other;
    Ok(name)
}

#[retry_worker]
fn not_tied<'a: 'b, 'b>(name: &'b mut String, other: &'a str) -> io::Result<&'a str> {
    name.clear();
    Ok(other)
}

#[async_trait]
trait Lends {
    async fn lent(&mut self) -> io::Result<&str>;
    async fn lent_by_name<'a>(&'a mut self, name: &str) -> io::Result<&'a str>;
    async fn lent_argument<'a>(&self, name: &'a mut String) -> io::Result<&'a str>;
    async fn shared(&self) -> io::Result<&str>;
}

#[async_trait]
impl Lends for Worker {
    #[retry_worker]
    async fn lent(&mut self) -> io::Result<&str> {
        Ok(&self.name)
    }

    #[retry_worker]
    async fn lent_by_name<'a>(&'a mut self, name: &str) -> io::Result<&'a str> {
        let _ = name;
        Ok(&self.name)
    }

    #[retry_worker]
    async fn lent_argument<'a>(&self, name: &'a mut String) -> io::Result<&'a str> {
        Ok(name)
    }

    #[retry_worker]
    async fn shared(&self) -> io::Result<&str> {
        Ok(&self.name)
    }
}

fn main() {}
