package dev.spinbpf.tools.workload;

import dev.spinbpf.tools.workload.PcapReader.BadCaptureException;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Packets as text, {@code flows}, {@code flows:N}, {@code mixed} or {@code mixed:N}, or in a capture. */
public final class PacketText {
    private PacketText() {}

    /**
     * Reads packets that are made up; null for a text that is the name of a capture.
     *
     * @throws IllegalArgumentException for a number of packets that there cannot be
     */
    public static @Nullable Packets parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        boolean mixed = name.equals("mixed");
        if (!mixed && !name.equals("flows")) {
            return null;
        }
        int usual = mixed ? Packets.USUAL_MIX : Packets.DEFAULT_FLOWS;
        int count = colon < 0 ? usual : number(text.substring(colon + 1));
        if (count < 1 || count > WorkloadGrammar.MOST_FLOWS) {
            throw new IllegalArgumentException(
                    "'" + text + "': expected " + name + ":N with N of 1 to " + WorkloadGrammar.MOST_FLOWS);
        }
        return new Packets(mixed ? Packets.mixed(count) : Packets.flows(count), false);
    }

    /**
     * Reads the packets of a capture.
     *
     * @throws IllegalArgumentException where it is none that can be used; the message says why
     */
    public static Packets capture(NamedFile file) {
        try {
            List<ByteString> frames = PcapReader.read(file.contents().toArray(), WorkloadGrammar.MOST_PACKETS);
            if (frames.isEmpty()) {
                throw new IllegalArgumentException(file.name() + ": there are no packets in it");
            }
            return new Packets(frames, false);
        } catch (BadCaptureException e) {
            throw new IllegalArgumentException(file.name() + ": " + e.getMessage(), e);
        }
    }

    private static int number(String digits) {
        return digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : 0;
    }
}
