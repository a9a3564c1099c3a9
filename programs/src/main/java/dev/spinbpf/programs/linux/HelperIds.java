package dev.spinbpf.programs.linux;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Names and numbers of the helper functions, as in Linux's {@code enum bpf_func_id}. All are in {@code helpers.tsv};
 * those whose meaning code depends on are constants too.
 */
public final class HelperIds {
    public static final int BPF_FUNC_TAIL_CALL = 12;
    public static final int BPF_FUNC_FOR_EACH_MAP_ELEM = 164;
    public static final int BPF_FUNC_TIMER_SET_CALLBACK = 170;
    public static final int BPF_FUNC_FIND_VMA = 180;
    public static final int BPF_FUNC_LOOP = 181;
    public static final int BPF_FUNC_USER_RINGBUF_DRAIN = 209;

    /** The number after the last helper's: the kernel's {@code __BPF_FUNC_MAX_ID}. */
    public static final int BPF_FUNC_MAX_ID = 212;

    private static final Map<Integer, String> NAMES = read();

    private HelperIds() {}

    /** The helper's name such as {@code bpf_map_lookup_elem}, or null if Linux has no helper of that number. */
    public static @Nullable String name(int number) {
        return NAMES.get(number);
    }

    /** All helpers: number to name, ascending. */
    public static Map<Integer, String> all() {
        return NAMES;
    }

    private static Map<Integer, String> read() {
        Map<Integer, String> names = new LinkedHashMap<>();
        try (InputStream in = Objects.requireNonNull(HelperIds.class.getResourceAsStream("helpers.tsv"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int tab = line.indexOf('\t');
                if (!line.startsWith("#") && tab > 0) {
                    names.put(Integer.parseInt(line, 0, tab, 10), line.substring(tab + 1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Collections.unmodifiableMap(names);
    }
}
