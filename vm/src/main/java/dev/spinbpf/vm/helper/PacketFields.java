package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.ProgType;

/**
 * The layout of packet contexts: the fields that programs see, and after them some that only the runtime sees. Packets
 * live below 4 GiB, so that the 32-bit fields hold whole addresses.
 *
 * @param lengthOffset of the packet's length, or -1
 */
public record PacketFields(int sizeBytes, int dataOffset, int dataEndOffset, int dataMetaOffset, int lengthOffset) {
    /** {@code struct __sk_buff}. */
    public static final PacketFields SK_BUFF = new PacketFields(192, 76, 80, 140, 0);

    /** {@code struct xdp_md}. */
    public static final PacketFields XDP_MD = new PacketFields(24, 0, 4, 8, -1);

    /** Room for every context and its hidden fields. */
    public static final int CONTEXT_SIZE = 256;

    /** Hidden: the level of checksums that the device found right, plus 1; 0 where it checked none. */
    static final int CHECKSUM_LEVEL_OFFSET = 236;

    /** Hidden: lowest address that the packet may begin at. */
    public static final int HARD_START_OFFSET = 240;

    /** Hidden: the address after the last one that the packet may end at. */
    public static final int HARD_END_OFFSET = 248;

    /** The layout that programs of a kind see. */
    public static PacketFields of(ProgType type) {
        return type == ProgType.XDP ? XDP_MD : SK_BUFF;
    }

    long data(long context) {
        return GuestMemory.getInt(context + dataOffset) & 0xffff_ffffL;
    }

    long dataEnd(long context) {
        return GuestMemory.getInt(context + dataEndOffset) & 0xffff_ffffL;
    }

    long dataMeta(long context) {
        return GuestMemory.getInt(context + dataMetaOffset) & 0xffff_ffffL;
    }

    long length(long context) {
        return dataEnd(context) - data(context);
    }

    void data(long context, long address) {
        GuestMemory.putInt(context + dataOffset, (int) address);
        updateLength(context);
    }

    void dataEnd(long context, long address) {
        GuestMemory.putInt(context + dataEndOffset, (int) address);
        updateLength(context);
    }

    void dataMeta(long context, long address) {
        GuestMemory.putInt(context + dataMetaOffset, (int) address);
    }

    private void updateLength(long context) {
        if (lengthOffset >= 0) {
            GuestMemory.putInt(context + lengthOffset, (int) length(context));
        }
    }

    /** Returns true where the bytes are in the packet. */
    boolean contains(long context, long offset, long sizeBytes) {
        return offset >= 0 && sizeBytes >= 0 && offset + sizeBytes <= length(context);
    }
}
