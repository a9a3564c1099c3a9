package dev.spinbpf.tools.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what a service answers about its workload, locks and CPUs. */
final class SampleJson {
    private SampleJson() {}

    /** The members of an object by kind; lists of texts and of objects are read by whoever knows them. */
    static final class Members {
        private final Map<String, String> texts = new HashMap<>();
        private final Map<String, Long> numbers = new HashMap<>();

        void add(String name, JsonParser value) throws IOException {
            if (value.currentToken() == JsonToken.VALUE_STRING) {
                texts.put(name, value.getText());
            } else if (value.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                numbers.put(name, value.getLongValue());
            }
        }

        String text(String name) throws IOException {
            String text = texts.get(name);
            if (text == null) {
                throw new IOException("the member '" + name + "' is missing");
            }
            return text;
        }

        long number(String name) throws IOException {
            Long number = numbers.get(name);
            if (number == null) {
                throw new IOException("the number '" + name + "' is missing");
            }
            return number;
        }
    }

    static Members members(JsonParser json) throws IOException {
        Members members = new Members();
        ServiceJson.members(json, members::add);
        return members;
    }

    static Members members(byte[] text) throws IOException {
        return ServiceJson.document(text, SampleJson::members);
    }

    // Locks.

    /** A CPU that holds or wants a lock. */
    private record Claim(String lock, String text) {}

    private static Claim claim(JsonParser json) throws IOException {
        Members members = members(json);
        String cpu = "cpu" + members.number("cpu");
        String context = members.texts.getOrDefault("context", "");
        return new Claim(members.text("lock"), context.isEmpty() ? cpu : cpu + " " + context);
    }

    static List<RemoteSample.Lock> locks(byte[] text) throws IOException {
        return ServiceJson.document(text, json -> {
            List<RemoteSample.Lock> locks = new ArrayList<>();
            List<Claim> held = new ArrayList<>();
            List<Claim> wanted = new ArrayList<>();
            ServiceJson.members(json, (name, value) -> {
                switch (name) {
                    case "locks" -> locks.addAll(ServiceJson.items(value, SampleJson::lock));
                    case "held" -> held.addAll(ServiceJson.items(value, SampleJson::claim));
                    case "wanted" -> wanted.addAll(ServiceJson.items(value, SampleJson::claim));
                    default -> {}
                }
            });
            locks.replaceAll(lock -> new RemoteSample.Lock(
                    lock.name(),
                    lock.attempts(),
                    lock.results(),
                    lock.waitP99Nanos(),
                    textsOf(held, lock.name()),
                    textsOf(wanted, lock.name())));
            return locks;
        });
    }

    private static List<String> textsOf(List<Claim> claims, String lock) {
        return claims.stream()
                .filter(claim -> claim.lock.equals(lock))
                .map(Claim::text)
                .toList();
    }

    private static RemoteSample.Lock lock(JsonParser json) throws IOException {
        Members own = new Members();
        Map<String, Long> sums = new HashMap<>();
        long[] waitP99Nanos = new long[1];
        ServiceJson.members(json, (name, value) -> {
            if (!name.equals("contexts")) {
                own.add(name, value);
                return;
            }
            for (Members context : ServiceJson.items(value, SampleJson::members)) {
                context.numbers.forEach((key, number) -> sums.merge(key, number, Long::sum));
                waitP99Nanos[0] = Math.max(waitP99Nanos[0], context.number("wait_p99_ns"));
            }
        });
        Map<String, Long> results = new HashMap<>();
        for (String result : List.of("ok", "aa", "abba", "timeout", "no_node")) {
            results.put(result, sums.getOrDefault(result, 0L));
        }
        long attempts = sums.getOrDefault("attempts", 0L);
        return new RemoteSample.Lock(own.text("name"), attempts, results, waitP99Nanos[0], List.of(), List.of());
    }

    // CPUs.

    static List<RemoteSample.Cpu> cpus(byte[] text) throws IOException {
        return ServiceJson.document(text, json -> {
            List<RemoteSample.Cpu> cpus = new ArrayList<>();
            ServiceJson.members(json, (name, value) -> {
                if (name.equals("cpus")) {
                    cpus.addAll(ServiceJson.items(value, SampleJson::cpu));
                }
            });
            return cpus;
        });
    }

    private static RemoteSample.Cpu cpu(JsonParser json) throws IOException {
        Members own = new Members();
        List<String> running = new ArrayList<>();
        List<String> pending = new ArrayList<>();
        List<String> masked = new ArrayList<>();
        long[] delivered = new long[1];
        ServiceJson.members(json, (name, value) -> {
            switch (name) {
                case "running" -> running.addAll(ServiceJson.items(value, SampleJson::running));
                case "pending" -> pending.addAll(ServiceJson.items(value, JsonParser::getText));
                case "masked" -> masked.addAll(ServiceJson.items(value, JsonParser::getText));
                case "delivered" ->
                    delivered[0] = members(value).numbers.values().stream()
                            .mapToLong(Long::longValue)
                            .sum();
                default -> own.add(name, value);
            }
        });
        int number = (int) own.number("cpu");
        return new RemoteSample.Cpu(number, own.text("context"), running, pending, masked, delivered[0]);
    }

    private static String running(JsonParser json) throws IOException {
        Members run = members(json);
        return run.text("program") + " (" + run.text("context") + ")";
    }
}
