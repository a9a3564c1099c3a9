package dev.spinbpf.vm.stress;

import dev.spinbpf.vm.RunContexts;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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

    /** Number of packets of {@link #mixed} where nobody says: some flows of each kind. */
    public static final int USUAL_MIX = 12 * PacketKinds.COUNT;

    /** Short UDP packets of 64 flows, and packets of all kinds, at random: what arrives where an object is stressed and nobody says. */
    public static final Packets USUAL = new Packets(
            Stream.concat(flows(DEFAULT_FLOWS).stream(), mixed(USUAL_MIX).stream())
                    .toList(),
            false);

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

    /**
     * Packets of all kinds in turn, of one flow after the other: UDP, TCP, ICMP, ARP, IPv6, tags, fragments, tunnels,
     * and frames that are cut off.
     */
    public static List<ByteString> mixed(int count) {
        return IntStream.range(0, count)
                .mapToObj(each -> ByteString.of(PacketKinds.packet(each % PacketKinds.COUNT, each / PacketKinds.COUNT)))
                .toList();
    }
}
