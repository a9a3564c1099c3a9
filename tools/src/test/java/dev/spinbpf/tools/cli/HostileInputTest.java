package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and options that are not what they should be: one line that names the thing, the value and the remedy. */
class HostileInputTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String ESCAPE = "\033";

    @TempDir
    private Path directory;

    private static Outcome spinbpf(String... arguments) {
        Outcome outcome = Outcome.spinbpf(arguments);
        assertThat(outcome.all()).doesNotContain("\tat ", "internal error", "Exception");
        return outcome;
    }

    private static String sample(String name) {
        return SAMPLES.resolve(name + ".bpf.o").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify", "run", "stress", "dump", "bench"})
    void shouldNameWhatIsWrongWithAFile(String command) throws IOException {
        Path empty = Files.createFile(directory.resolve("empty.bpf.o"));
        Path text = Files.writeString(directory.resolve("text.bpf.o"), "this is no object\n".repeat(10));
        String missing = directory.resolve("missing.bpf.o").toString();

        assertUnreadable(spinbpf(command, directory.toString()), directory + ": is a directory");
        assertUnreadable(spinbpf(command, empty.toString()), empty + ": is empty");
        assertUnreadable(spinbpf(command, text.toString()), text + ": +0x0: not an ELF file");
        assertUnreadable(spinbpf(command, missing), missing + ": no such file");
    }

    @Test
    void shouldSayThatASourceIsToBeCompiled() {
        String source = SAMPLES.resolve("balanced.bpf.c").toString();
        assertUnreadable(spinbpf("run", source), source + ": +0x0: not an ELF file; compile it first: clang ");
    }

    private static void assertUnreadable(Outcome outcome, String message) {
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.all()).contains(message);
    }

    @Test
    void shouldReadNoMoreOfADeviceThanItsLimit() {
        assertUnreadable(spinbpf("verify", "/dev/zero"), "/dev/zero: does not end within 67108864 bytes");
        assertUnreadable(spinbpf("verify", "/dev/null"), "/dev/null: is empty");
        assertUnreadable(spinbpf("verify", "--btf", "/dev/zero", sample("balanced")), "/dev/zero: does not end within");
    }

    @Test
    void shouldRefuseALoopOfLinks() throws IOException {
        Path loop = directory.resolve("loop.bpf.o");
        Files.createSymbolicLink(loop, loop);
        assertUnreadable(spinbpf("dump", loop.toString()), loop + ": ");
    }

    @Test
    void shouldRefuseTextThatIsNotUtf8() throws IOException {
        Path file = Files.write(directory.resolve("a.bpfasm"), new byte[] {'.', (byte) 0xff, (byte) 0xfe});
        assertUnreadable(spinbpf("verify", file.toString()), "is not UTF-8 text");
    }

    @Test
    void shouldLetNoControlCharacterOfAFileNameOut() throws IOException {
        String name = "a,\"b\"\n" + ESCAPE + "[31m\r\u202ec.bpf.o";
        Path file = Files.copy(SAMPLES.resolve("leaked_lock.bpf.o"), directory.resolve(name));
        String missing = directory.resolve(name + "2").toString();
        for (String[] arguments : new String[][] {
            {"verify", file.toString()},
            {"verify", "-v", file.toString()},
            {"verify", "-j", file.toString()},
            {"verify", "-o", "csv", file.toString()},
            {"run", file.toString()},
            {"run", "--prog", name, file.toString()},
            {"dump", "-j", file.toString()},
            {"stress", "--duration", "10ms", file.toString()},
            {"verify", missing},
            {"run", "--ctx", missing, file.toString()},
            {"verify", "--" + ESCAPE + "[31m", missing},
            {"stress", "--duration", ESCAPE + "[31m", missing}
        }) {
            assertThat(spinbpf(arguments).all())
                    .as(String.join(" ", arguments))
                    .containsIgnoringCase("\\u001b[31m")
                    .doesNotContain(ESCAPE, "\r", "\u202e");
        }
        assertThat(spinbpf("verify", "-o", "csv", file.toString()).out())
                .contains("\n\"a,\"\"b\"\"\n\\u001b[31m\\u000d\\u202ec.bpf.o\",leak,failure,");
        assertThat(spinbpf("verify", file.toString()).out().lines())
                .anyMatch(line -> line.startsWith("a,\"b\"\\u000a\\u001b[31m\\u000d\\u202ec.bpf.o  leak"));
    }

    @Test
    void shouldLetNoControlCharacterOfAnObjectOut() throws IOException {
        byte[] object = Files.readAllBytes(SAMPLES.resolve("leaked_lock.bpf.o"));
        String text = new String(object, StandardCharsets.ISO_8859_1).replace("if (", ESCAPE + "[2J");
        Path file = directory.resolve("evil.bpf.o");
        Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
        for (String[] arguments :
                new String[][] {{"verify", "-v", file.toString()}, {"dump", file.toString()}, {"run", file.toString()}
                }) {
            assertThat(spinbpf(arguments).all()).contains("\\u001b[2J").doesNotContain(ESCAPE);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--cpus, 0, has to be 1 to 64",
        "--cpus, -1, has to be 1 to 64",
        "--cpus, 1000000000, has to be 1 to 64",
        "--cpus, 99999999999999999999, is not within",
        "--cpus, two, is no whole number",
        "--seed, 0x1, is no whole number",
        "--seed, 99999999999999999999, is not within",
        "--duration, -1s, is no time",
        "--duration, 5, write a number and a unit",
        "--duration, 999999999999h, is too long",
        "--nmi-every, often, is no time",
        "--lock, spin, spin",
        "--metrics-port, 65536, has to be 0 to 65535",
        "--metrics-port, -1, has to be 0 to 65535",
        "--prog, nothing, it has count_packet"
    })
    void shouldNameTheOptionItsValueAndTheRemedy(String option, String value, String remedy) {
        Outcome outcome = spinbpf("stress", sample("balanced"), option, value);
        assertIsUsageError(outcome, value, remedy);
        assertThat(outcome.out()).isEmpty();
    }

    private static void assertIsUsageError(Outcome outcome, String... named) {
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains(named);
        assertThat(outcome.err().lines()).hasSizeLessThanOrEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "--repeat, 0, has to be 1 or more",
        "--repeat, 2147483648, is not within",
        "--cpu, 1, it has to be 0 to 0",
        "--ctx, hex:zz, write them as in hex:",
        "--ctx, hex:abc, not even",
        "--ctx, nothing.bin, nothing.bin: no such file",
        "--btf, nothing.btf, nothing.btf: no such file",
        "--prog, nothing, it has count"
    })
    void shouldNameWhatIsWrongWithARun(String option, String value, String remedy) {
        assertIsUsageError(spinbpf("run", sample("packet_counter"), option, value), remedy);
    }

    @Test
    void shouldRefuseAContextThatIsTooLong() {
        Outcome outcome = spinbpf("run", sample("packet_counter"), "--ctx", "hex:" + "00".repeat(3521));
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains("3521 bytes", "xdp", "at most 3520");
        assertThat(spinbpf("run", sample("packet_counter"), "--ctx", "hex:").code())
                .isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldRefuseGarbageInPlaceOfTypes() throws IOException {
        Path garbage = Files.write(directory.resolve("garbage.btf"), new byte[] {(byte) 0x9f, (byte) 0xeb, 1, 0, 24});
        assertUnreadable(spinbpf("verify", "--btf", garbage.toString(), sample("balanced")), garbage + ": ");
    }

    @Test
    void shouldListTheProgramsWhereNoneIsNamedSo() {
        Outcome outcome = spinbpf("verify", "--prog", "nothing", sample("balanced"));
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains("no program named nothing; there are count_packet, reset");
    }
}
