package dev.spinbpf.vm.stress;

import dev.spinbpf.vm.RunContexts;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The packets that arrive.
 *
 * @param frames Ethernet frames, one at least
 * @param inTurn whether each CPU gets them in turn, from the first one on, rather than at random by the seed
 */
public record Packets(List<ByteString> frames, boolean inTurn) {
    /** Number of flows of {@link #DEFAULT}. */
    public static final int DEFAULT_FLOWS = 64;

    /** Short UDP packets of 64 flows, at random. */
    public static final Packets DEFAULT = new Packets(flows(DEFAULT_FLOWS), false);

    /** Copies the list. */
    public Packets {
        frames = List.copyOf(frames);
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("no packets");
        }
    }

    /** A short UDP packet of each of some flows. */
    public static List<ByteString> flows(int count) {
        return IntStream.range(0, count)
                .mapToObj(flow -> ByteString.of(RunContexts.udpPacket(flow)))
                .toList();
    }
}
