package dev.spinbpf.vm.jit;

import dev.spinbpf.maps.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Guest memory as compiled code sees it: its segments, and a handle for each width. */
final class GuestAccess {
    static final MemorySegment SEGMENT =
            GuestMemory.slice(GuestMemory.FIRST_ADDRESS, GuestMemory.endAddress() - GuestMemory.FIRST_ADDRESS);

    /**
     * Size of the segment that masked accesses are written for, all of the host's memory. They stay in the sandbox by
     * their arithmetic; a segment of the sandbox's own size would check them again.
     */
    private static final long HOST_SIZE = 1L << 48;

    private static final MemorySegment HOST = hostMemory();
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private GuestAccess() {}

    /** Returns MASKED where that is asked for and possible now. */
    static AccessMode possible(AccessMode wanted) {
        return wanted == AccessMode.MASKED && GuestMemory.sandboxAddress().isPresent() && !GuestMemory.isWide()
                ? AccessMode.MASKED
                : AccessMode.CHECKED;
    }

    @SuppressWarnings("restricted")
    private static MemorySegment hostMemory() {
        return MemorySegment.NULL.reinterpret(HOST_SIZE);
    }

    /** The segment for masked accesses, whose offsets are addresses of the host. */
    static MemorySegment host() {
        return HOST;
    }

    /** Returns the handle for cells of 1, 2, 4 or 8 bytes. */
    static VarHandle handle(int widthBytes) {
        return switch (widthBytes) {
            case 1 -> BYTE;
            case 2 -> SHORT;
            case 4 -> INT;
            case 8 -> LONG;
            default -> throw new IllegalArgumentException("cell of " + widthBytes + " bytes");
        };
    }
}
