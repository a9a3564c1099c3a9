package dev.spinbpf.tools.workload;

import dev.spinbpf.tools.workload.PcapReader.BadCaptureException;
import dev.spinbpf.vm.context.ContextArea;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Reads the packets of a workload file. */
final class PacketsReader {
    private static final int LEAST_PACKET = 14;

    private PacketsReader() {}

    static Packets read(Fields file, WorkloadReader reader) {
        if (!file.has("packets")) {
            return Packets.DEFAULT;
        }
        List<ByteString> frames = new ArrayList<>();
        long bytes = 0;
        for (Fields fields : file.list("packets")) {
            List<ByteString> more = frames(fields, reader, WorkloadGrammar.MOST_PACKETS);
            bytes += more.stream().mapToLong(ByteString::size).sum();
            frames.addAll(more);
            if (frames.size() > WorkloadGrammar.MOST_PACKETS || bytes > WorkloadGrammar.MOST_PACKET_BYTES) {
                file.wrong(
                        "packets",
                        "expected at most " + WorkloadGrammar.MOST_PACKETS + " packets and "
                                + WorkloadGrammar.MOST_PACKET_BYTES + " bytes of them, found more");
                break;
            }
        }
        boolean inTurn = file.text("packet_order").equals("in_turn");
        return frames.isEmpty() ? Packets.DEFAULT : new Packets(frames, inTurn);
    }

    private static List<ByteString> frames(Fields fields, WorkloadReader reader, int most) {
        if (fields.has("flows")) {
            return Packets.flows((int) fields.whole("flows", 1));
        }
        if (fields.has("mixed")) {
            return Packets.mixed((int) fields.whole("mixed", 1));
        }
        if (fields.has("hex")) {
            return hex(fields);
        }
        NamedFile capture = reader.open(fields, "pcap");
        if (capture == null) {
            return List.of();
        }
        try {
            return PcapReader.read(capture.contents().toArray(), most);
        } catch (BadCaptureException e) {
            fields.wrong("pcap", capture.name() + ": " + e.getMessage());
            return List.of();
        }
    }

    private static List<ByteString> hex(Fields fields) {
        String digits = fields.text("hex").replaceAll("[ :]", "");
        if (digits.isEmpty()) {
            return List.of();
        }
        int size = digits.length() / 2;
        if (digits.length() % 2 != 0) {
            fields.wrong("hex", "expected hexadecimal digits in pairs, found " + digits.length() + " digits");
            return List.of();
        }
        if (size < LEAST_PACKET || size > ContextArea.MAX_PACKET) {
            fields.wrong(
                    "hex",
                    "expected a frame of " + LEAST_PACKET + " to " + ContextArea.MAX_PACKET + " bytes, found " + size);
            return List.of();
        }
        return List.of(ByteString.of(HexFormat.of().parseHex(digits)));
    }
}
