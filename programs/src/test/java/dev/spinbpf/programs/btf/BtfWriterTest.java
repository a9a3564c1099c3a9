package dev.spinbpf.programs.btf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BtfWriterTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @Test
    void shouldWriteWhatIsReadAgain() throws Exception {
        List<Path> objects;
        try (Stream<Path> files = Files.list(SAMPLES)) {
            objects = files.filter(file -> file.toString().endsWith(".bpf.o")).toList();
        }
        assertThat(objects).isNotEmpty();
        for (Path object : objects) {
            Btf btf = ObjectReader.read(object, ReadOptions.DEFAULT).btf();
            assertThat(BtfReader.read(BtfWriter.write(btf)).types())
                    .as(object.toString())
                    .isEqualTo(btf.types());
        }
    }

    @Test
    void shouldWriteEachShapeOfType() throws Exception {
        Btf btf = new Btf(List.of(
                new BtfType.Void(),
                new BtfType.Int("int", 4, 32, 0, true, false, false),
                new BtfType.Int("bool", 1, 8, 0, false, false, true),
                new BtfType.Float("double", 8),
                new BtfType.Ptr(1),
                new BtfType.Array(1, 1, 7),
                new BtfType.Composite(
                        "bits", false, 8, List.of(new BtfType.Member("a", 1, 0, 3), new BtfType.Member("b", 1, 3, 29))),
                new BtfType.Composite("either", true, 4, List.of(new BtfType.Member("one", 1, 0, 0))),
                new BtfType.Enum("small", 4, true, List.of(new BtfType.EnumValue("LESS", -1))),
                new BtfType.Enum("large", 8, false, List.of(new BtfType.EnumValue("MOST", 1L << 40))),
                new BtfType.Fwd("later", true),
                new BtfType.Typedef("number", 1),
                new BtfType.Modifier(BtfType.ModifierKind.CONST, "", 1),
                new BtfType.Modifier(BtfType.ModifierKind.TYPE_TAG, "kptr", 1),
                new BtfType.FuncProto(1, List.of(new BtfType.Param("first", 4), new BtfType.Param("", 0))),
                new BtfType.Func("main", 14, BtfType.Linkage.GLOBAL),
                new BtfType.Var("counter", 1, BtfType.Linkage.STATIC),
                new BtfType.DataSec(".bss", 4, List.of(new BtfType.SecVar(16, 0, 4))),
                new BtfType.DeclTag("tag", 15, 0)));
        assertThat(BtfReader.read(BtfWriter.write(btf)).types()).isEqualTo(btf.types());
    }
}
