import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.options.Options;
import org.apache.paimon.predicate.Predicate;
import org.apache.paimon.predicate.PredicateBuilder;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.table.source.ReadBuilder;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.types.RowType;

/**
 * Workloads through Java Paimon: one in one process. `Workloads OP NAME=VALUE..` prints one JSON line.
 *
 * <p>Operations, arguments and checksums are those of the program `workloads` (tidelake/src); rows are made here by the same
 * functions while the clock stands, the keys read from the plain files beside the others' rows. The JVM warms up within
 * the measured time, as it does for whoever starts one.
 */
public class Workloads {
    private static final long SEED = 0x74696465L;
    private static final int THREADS = 2;

    public static void main(String[] words) throws Exception {
        Map<String, String> args = new HashMap<>();
        for (int i = 1; i < words.length; i++) {
            int at = words[i].indexOf('=');
            args.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        Options options = new Options();
        options.set("warehouse", args.get("warehouse"));
        Table table = CatalogFactory.createCatalog(CatalogContext.create(options))
                .getTable(Identifier.fromString(args.get("table")));
        String line;
        switch (words[0]) {
            case "ingest":
                line = ingest(table, Path.of(args.get("rows")));
                break;
            case "scan":
                line = scan(table, args);
                break;
            default:
                throw new IllegalArgumentException("there is no " + words[0]);
        }
        System.out.println(line);
        System.exit(0);
    }

    /** A commit for each file of keys. */
    private static String ingest(Table table, Path rows) throws Exception {
        List<Path> files;
        try (var found = Files.list(rows)) {
            files = found.filter(path -> path.getFileName().toString().endsWith(".bin")).sorted().collect(Collectors.toList());
        }
        Stopwatch watch = new Stopwatch();
        long next = 0;
        for (Path file : files) {
            ByteBuffer keys = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            List<GenericRow> batch = new ArrayList<>(keys.remaining() / 8);
            while (keys.hasRemaining()) {
                batch.add(row(keys.getLong(), next++));
            }
            watch.start();
            BatchWriteBuilder builder = table.newBatchWriteBuilder();
            try (BatchTableWrite write = builder.newWrite(); BatchTableCommit commit = builder.newCommit()) {
                write.withIOManager(IOManager.create(System.getProperty("java.io.tmpdir")));
                for (GenericRow row : batch) {
                    write.write(row);
                }
                commit.commit(write.prepareCommit());
            }
            watch.stop();
        }
        return "{\"rows\":" + next + watch.json() + "}";
    }

    private static String scan(Table table, Map<String, String> args) throws Exception {
        boolean deep = args.containsKey("deep");
        RowType type = table.rowType();
        List<String> columns = type.getFieldNames();
        Stopwatch watch = new Stopwatch();
        watch.start();
        ReadBuilder builder = table.newReadBuilder();
        if (args.containsKey("columns")) {
            columns = new ArrayList<>(List.of(args.get("columns").split(",")));
            columns.remove("");
            builder.withProjection(columns.stream().mapToInt(type::getFieldIndex).toArray());
        }
        PredicateBuilder predicates = new PredicateBuilder(type);
        List<Predicate> filters = new ArrayList<>();
        if (args.containsKey("keys")) {
            String[] range = args.get("keys").split("\\.\\.");
            filters.add(predicates.greaterOrEqual(0, Long.parseLong(range[0])));
            filters.add(predicates.lessThan(0, Long.parseLong(range[1])));
        }
        if (args.containsKey("cat")) {
            filters.add(predicates.equal(type.getFieldIndex("cat"), Integer.parseInt(args.get("cat"))));
        }
        if (!filters.isEmpty()) {
            builder.withFilter(PredicateBuilder.and(filters));
        }
        List<String> names = columns;
        int[] places = columns.stream().mapToInt(type::getFieldIndex).toArray();
        List<Callable<Sums>> tasks = new ArrayList<>();
        for (Split split : builder.newScan().plan().splits()) {
            tasks.add(() -> {
                Sums sums = new Sums(places, deep);
                try (RecordReader<InternalRow> reader = builder.newRead()
                        .withIOManager(IOManager.create(System.getProperty("java.io.tmpdir")))
                        .executeFilter()
                        .createReader(split)) {
                    reader.forEachRemaining(sums::add);
                }
                return sums;
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        Sums all = new Sums(places, deep);
        for (Future<Sums> sums : threads.invokeAll(tasks)) {
            all.add(sums.get());
        }
        threads.shutdown();
        watch.stop();
        return "{\"rows\":" + all.rows + ",\"sums\":{" + all.json(names) + "}" + watch.json() + "}";
    }

    /** Sums as all implementations make them; columns are known by their place in the rows of the workloads. */
    private static final class Sums {
        private final int[] places;
        private final boolean deep;
        private final long[] sums;
        private final long[] nulls;
        private final long[] bytes;
        private long rows;

        Sums(int[] places, boolean deep) {
            this.places = places;
            this.deep = deep;
            this.sums = new long[places.length];
            this.nulls = new long[places.length];
            this.bytes = new long[places.length];
        }

        void add(InternalRow row) {
            rows++;
            for (int i = 0; i < places.length; i++) {
                if (row.isNullAt(i)) {
                    nulls[i]++;
                } else {
                    sums[i] += value(row, i);
                }
            }
        }

        private long value(InternalRow row, int i) {
            switch (places[i]) {
                case 0:
                case 1:
                    return row.getLong(i);
                case 2:
                case 6:
                    return row.getInt(i);
                case 3:
                    return row.getDecimal(i, 12, 2).toUnscaledLong();
                case 4:
                    return Double.doubleToRawLongBits(row.getDouble(i));
                case 5:
                    return row.getTimestamp(i, 6).toMicros();
                default:
                    BinaryString text = row.getString(i);
                    if (deep) {
                        for (int at = 0; at < text.getSizeInBytes(); at++) {
                            bytes[i] += text.byteAt(at) & 0xff;
                        }
                    }
                    return text.getSizeInBytes();
            }
        }

        void add(Sums other) {
            rows += other.rows;
            for (int i = 0; i < places.length; i++) {
                sums[i] += other.sums[i];
                nulls[i] += other.nulls[i];
                bytes[i] += other.bytes[i];
            }
        }

        String json(List<String> names) {
            Map<String, Long> all = new TreeMap<>();
            for (int i = 0; i < places.length && rows > 0; i++) {
                all.put(names.get(i), sums[i]);
                all.put(names.get(i) + ".nulls", nulls[i]);
                if (deep && places[i] > 6) {
                    all.put(names.get(i) + ".bytes", bytes[i]);
                }
            }
            return all.entrySet().stream()
                    .map(sum -> "\"" + sum.getKey() + "\":\"" + Long.toUnsignedString(sum.getValue()) + "\"")
                    .collect(Collectors.joining(","));
        }
    }

    private static final class Stopwatch {
        private long cpu;
        private long wall;

        void start() {
            cpu -= cpuNanos();
            wall -= System.nanoTime();
        }

        void stop() {
            cpu += cpuNanos();
            wall += System.nanoTime();
        }

        String json() {
            return ",\"cpu_s\":" + cpu / 1e9 + ",\"wall_s\":" + wall / 1e9;
        }

        private static long cpuNanos() {
            return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                    .getProcessCpuTime();
        }
    }

    private static long h(long row, long column) {
        long z = (SEED + row * 16 + column) * 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    private static long mod(long hash, long modulus) {
        return Long.remainderUnsigned(hash, modulus);
    }

    private static GenericRow row(long key, long row) {
        boolean hasX = mod(h(row, 10), 20) != 0;
        boolean hasMid = mod(h(row, 11), 20) != 0;
        return GenericRow.of(
                key,
                row,
                (int) mod(h(row, 1), 1_000),
                Decimal.fromUnscaledLong(mod(h(row, 2), 10_000_000), 12, 2),
                hasX ? (Object) ((h(row, 3) >>> 11) / (double) (1L << 53)) : null,
                Timestamp.fromMicros(1_700_000_000_000_000L + mod(h(row, 4), 31_536_000_000_000L)),
                19_000 + (int) mod(h(row, 5), 1_000),
                text("low-", mod(h(row, 6), 50), 2),
                hasMid ? text("mid-value-", mod(h(row, 7), 100_000), 6) : null,
                BinaryString.fromString(hex(h(row, 8)) + hex(h(row, 9))));
    }

    private static BinaryString text(String prefix, long number, int digits) {
        String shown = Long.toString(number);
        return BinaryString.fromString(prefix + "0".repeat(digits - shown.length()) + shown);
    }

    private static String hex(long value) {
        String shown = Long.toHexString(value);
        return "0".repeat(16 - shown.length()) + shown;
    }
}
