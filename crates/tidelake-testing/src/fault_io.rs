//! A store whose calls are counted, and fail as planned.

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use parking_lot::Mutex;
use tidelake_io::{Child, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result};
use tidelake_runtime::Clock;

use crate::{Call, ErrShape, Fault, FaultPlan, Operation, PathClass, Random};

/// When a hook is told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has happened yet.
    Before,
    /// It has taken effect, or has failed.
    After,
}

type Hook = dyn Fn(Call, Moment) -> BoxFuture<'static, ()> + Send + Sync;

/// Wraps a store: counts and records its calls, and makes some fail as its [`FaultPlan`] says. Clones share everything.
///
/// ```
/// use std::sync::Arc;
/// use tidelake_io::{FileIO, FilePath, Publish};
/// use tidelake_testing::{ErrShape, Fault, FaultIO, FaultPlan, Sim, SimIO};
///
/// let plan = FaultPlan::At { call: 1, fault: Fault::ErrAfter(ErrShape::Timeout) };
/// let io = FaultIO::new(Arc::new(SimIO::local()), plan);
/// let path = FilePath::parse("/t/snapshot/snapshot-1").unwrap();
/// Sim::new(1).run(async {
///     assert_eq!(io.publish(&path, "one".into()).await.unwrap(), Publish::Unknown);
///     assert_eq!(io.publish(&path, "one".into()).await.unwrap(), Publish::AlreadyExists);
/// });
/// assert_eq!(io.calls().len(), 2);
/// ```
#[derive(Clone)]
pub struct FaultIO {
    inner: Arc<dyn FileIO>,
    shared: Arc<Mutex<Shared>>,
    hook: Option<Arc<Hook>>,
    latency: Option<Arc<Latency>>,
}

#[derive(Debug, Default)]
struct Shared {
    plan: FaultPlan,
    calls: Vec<Call>,
    halted: bool,
    /// Requests under way, with the number of the call before which they land.
    late: Vec<(u64, Late)>,
}

#[derive(Debug, Clone)]
enum Late {
    Publish(FilePath, Bytes),
    Overwrite(FilePath, Bytes),
    Delete(FilePath),
}

struct Latency {
    clock: Arc<dyn Clock>,
    random: Mutex<Random>,
    max: Duration,
}

/// What is to be done with a call.
#[derive(Debug)]
struct Ruling {
    call: Call,
    fault: Option<Fault>,
}

impl FaultIO {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn FileIO>, plan: FaultPlan) -> Self {
        Self { inner, shared: Arc::new(Mutex::new(Shared { plan, ..Shared::default() })), hook: None, latency: None }
    }

    /// Awaits `hook` before and after each call: to take images, or to let a rival act in between.
    pub fn with_hook(mut self, hook: impl Fn(Call, Moment) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Each call takes some time up to `max`, from a seed: in a [`Sim`](crate::Sim) that mixes the calls of several actors.
    pub fn with_latency(mut self, clock: Arc<dyn Clock>, random: Random, max: Duration) -> Self {
        self.latency = Some(Arc::new(Latency { clock, random: Mutex::new(random), max }));
        self
    }

    /// The calls so far, in the order in which they began.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many calls of this operation on such files.
    pub fn count(&self, operation: Operation, class: PathClass) -> usize {
        self.shared.lock().calls.iter().filter(|call| call.operation == operation && call.class == class).count()
    }

    /// Another plan from now on; numbers go on.
    pub fn set_plan(&self, plan: FaultPlan) {
        self.shared.lock().plan = plan;
    }

    /// Lets everything still under way land.
    pub async fn land_all(&self) {
        self.land(u64::MAX).await;
    }

    async fn land(&self, number: u64) {
        let due = {
            let mut shared = self.shared.lock();
            let (due, later) = std::mem::take(&mut shared.late).into_iter().partition(|(at, _)| *at <= number);
            shared.late = later;
            due
        };
        let due: Vec<(u64, Late)> = due;
        for (_, late) in due {
            // Nobody waits for the answer any more.
            let _ = match late {
                Late::Publish(path, content) => self.inner.publish(&path, content).await.map(drop),
                Late::Overwrite(path, content) => self.inner.overwrite(&path, content).await,
                Late::Delete(path) => self.inner.delete(&path).await,
            };
        }
    }

    async fn begin(&self, operation: Operation, path: Option<&FilePath>) -> Result<Ruling> {
        let delay = self.latency.as_ref().map(|latency| {
            let max = u64::try_from(latency.max.as_micros()).unwrap_or(u64::MAX).max(1);
            latency.clock.sleep(Duration::from_micros(latency.random.lock().below(max)))
        });
        if let Some(delay) = delay {
            delay.await;
        }
        let call = {
            let mut shared = self.shared.lock();
            let class = path.map_or(PathClass::Other, PathClass::of);
            let call = Call { number: shared.calls.len() as u64 + 1, operation, class, path: path.cloned() };
            shared.calls.push(call.clone());
            call
        };
        self.land(call.number).await;
        self.tell(&call, Moment::Before).await;
        let fault = {
            let mut shared = self.shared.lock();
            let fault = shared.plan.decide(&call);
            let dead = shared.halted || fault == Some(Fault::HaltBefore);
            shared.halted |= matches!(fault, Some(Fault::HaltBefore | Fault::HaltAfter));
            if dead { Some(Fault::HaltBefore) } else { fault }
        };
        match fault {
            // A publish that fails unclearly is not an error: see `publish`.
            Some(Fault::ErrBefore(shape)) if operation == Operation::Publish && shape.is_ambiguous() => {
                Ok(Ruling { call, fault })
            }
            Some(Fault::ErrBefore(shape)) => {
                self.tell(&call, Moment::After).await;
                Err(shape.error(operation, path))
            }
            Some(Fault::HaltBefore) => Err(dead(operation, path)),
            fault => Ok(Ruling { call, fault }),
        }
    }

    /// The answer of a call that took effect.
    async fn end<T>(&self, ruling: Ruling, answer: Result<T>) -> Result<T> {
        self.tell(&ruling.call, Moment::After).await;
        let Call { operation, path, .. } = &ruling.call;
        match ruling.fault {
            Some(Fault::ErrAfter(shape) | Fault::LandLate { then: shape, .. }) => {
                Err(shape.error(*operation, path.as_ref()))
            }
            Some(Fault::HaltAfter) => Err(dead(*operation, path.as_ref())),
            _ => answer,
        }
    }

    async fn tell(&self, call: &Call, moment: Moment) {
        if let Some(hook) = &self.hook {
            hook(call.clone(), moment).await;
        }
    }

    /// Whether the call is to land later instead of now.
    fn postpone(&self, ruling: &Ruling, late: impl FnOnce() -> Late) -> bool {
        let Some(Fault::LandLate { after_calls, .. }) = ruling.fault else { return false };
        self.shared.lock().late.push((ruling.call.number + after_calls, late()));
        true
    }
}

/// What a dead process would see, did it still run.
fn dead(operation: Operation, path: Option<&FilePath>) -> tidelake_io::Error {
    ErrShape::Denied.error(operation, path)
}

impl fmt::Debug for FaultIO {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultIO").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl FileIO for FaultIO {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        let ruling = self.begin(Operation::Open, Some(path)).await?;
        let answer = self.inner.open(path, size_bytes).await;
        let file = self.end(ruling, answer).await?;
        Ok(Arc::new(FaultRead { io: self.clone(), file }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let ruling = self.begin(Operation::ReadAll, Some(path)).await?;
        let answer = self.inner.read_all(path, max_bytes).await;
        self.end(ruling, answer).await
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        let ruling = self.begin(Operation::Create, Some(path)).await?;
        let answer = self.inner.create(path).await;
        let file = self.end(ruling, answer).await?;
        Ok(Box::new(FaultWrite { io: self.clone(), path: path.clone(), file }))
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        let ruling = self.begin(Operation::Sync, paths.first()).await?;
        let answer = self.inner.sync(paths).await;
        self.end(ruling, answer).await
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        let ruling = self.begin(Operation::Publish, Some(path)).await?;
        let fault = ruling.fault;
        let answer = match fault {
            Some(Fault::ErrBefore(_)) => Ok(Publish::Unknown),
            _ if self.postpone(&ruling, || Late::Publish(path.clone(), content.clone())) => Ok(Publish::Unknown),
            Some(Fault::Duplicate) => {
                self.inner.publish(path, content.clone()).await?;
                self.inner.publish(path, content).await
            }
            _ => self.inner.publish(path, content).await,
        };
        match fault {
            Some(Fault::ErrBefore(shape) | Fault::ErrAfter(shape) | Fault::LandLate { then: shape, .. })
                if shape.is_ambiguous() =>
            {
                self.tell(&ruling.call, Moment::After).await;
                Ok(if shape == ErrShape::AlreadyExists { Publish::AlreadyExists } else { Publish::Unknown })
            }
            _ => self.end(ruling, answer).await,
        }
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        let ruling = self.begin(Operation::Overwrite, Some(path)).await?;
        let answer = match self.postpone(&ruling, || Late::Overwrite(path.clone(), content.clone())) {
            true => Ok(()),
            false => self.inner.overwrite(path, content).await,
        };
        self.end(ruling, answer).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        let ruling = self.begin(Operation::Stat, Some(path)).await?;
        let answer = self.inner.stat(path).await;
        self.end(ruling, answer).await
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        let (io, prefix) = (self.clone(), prefix.clone());
        let listed = async move {
            let ruling = io.begin(Operation::List, Some(&prefix)).await?;
            let found: Vec<_> = io.inner.list(&prefix).collect().await;
            io.end(ruling, Ok(found)).await
        };
        flatten(listed.boxed())
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let (io, prefix) = (self.clone(), prefix.clone());
        let listed = async move {
            let ruling = io.begin(Operation::ListChildren, Some(&prefix)).await?;
            let found: Vec<_> = io.inner.list_children(&prefix).collect().await;
            io.end(ruling, Ok(found)).await
        };
        flatten(listed.boxed())
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        let ruling = self.begin(Operation::CreatePrefix, Some(prefix)).await?;
        let answer = self.inner.create_prefix(prefix).await;
        self.end(ruling, answer).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        let ruling = self.begin(Operation::Delete, Some(path)).await?;
        let answer = match self.postpone(&ruling, || Late::Delete(path.clone())) {
            true => Ok(()),
            false => self.inner.delete(path).await,
        };
        self.end(ruling, answer).await
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let ruling = self.begin(Operation::DeletePrefix, Some(prefix)).await?;
        let answer = self.inner.delete_prefix(prefix).await;
        self.end(ruling, answer).await
    }
}

fn flatten<T: Send + 'static>(listed: BoxFuture<'static, Result<Vec<Result<T>>>>) -> BoxStream<'static, Result<T>> {
    listed.map(|listed| stream::iter(listed.unwrap_or_else(|error| vec![Err(error)]))).flatten_stream().boxed()
}

#[derive(Debug)]
struct FaultRead {
    io: FaultIO,
    file: Arc<dyn FileRead>,
}

#[async_trait]
impl FileRead for FaultRead {
    fn path(&self) -> &FilePath {
        self.file.path()
    }

    async fn size_bytes(&self) -> Result<u64> {
        let ruling = self.io.begin(Operation::Size, Some(self.path())).await?;
        let answer = self.file.size_bytes().await;
        self.io.end(ruling, answer).await
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let ruling = self.io.begin(Operation::ReadMany, Some(self.path())).await?;
        let answer = self.file.read_many(ranges).await;
        self.io.end(ruling, answer).await
    }
}

struct FaultWrite {
    io: FaultIO,
    path: FilePath,
    file: Box<dyn FileWrite>,
}

#[async_trait]
impl FileWrite for FaultWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let ruling = self.io.begin(Operation::Write, Some(&self.path)).await?;
        let answer = self.file.write(chunk).await;
        self.io.end(ruling, answer).await
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let Self { io, path, file } = *self;
        let ruling = io.begin(Operation::Finish, Some(&path)).await?;
        let answer = file.finish().await;
        io.end(ruling, answer).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        let Self { io, path, file } = *self;
        let ruling = io.begin(Operation::Abort, Some(&path)).await?;
        let answer = file.abort().await;
        io.end(ruling, answer).await
    }
}
