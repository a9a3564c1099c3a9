package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** The compiled objects beside these tests' resources; {@code build.sh} there makes them from the sources. */
final class CompiledObjects {
    static final List<String> NAMES = List.of(
            "core.bpf.o",
            "core_target.bpf.o",
            "data.bpf.o",
            "externs.bpf.o",
            "legacy_maps.bpf.o",
            "link.bpf.o",
            "maps.bpf.o",
            "presets.bpf.o",
            "struct_ops.bpf.o",
            "values.bpf.o");

    private CompiledObjects() {}

    static byte[] bytes(String name) {
        try (InputStream in = Objects.requireNonNull(CompiledObjects.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ProgramObject read(String name) throws Exception {
        return ObjectReader.read("objects/" + name, bytes(name), ReadOptions.DEFAULT);
    }

    static Program program(ProgramObject object, String name) {
        return object.programs().stream()
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static MapDef map(ProgramObject object, String name) {
        return object.maps().stream()
                .filter(map -> map.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
