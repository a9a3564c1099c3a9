package dev.spinbpf.maps.memory;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An allocator of guest memory whose blocks all end with it: one for each machine, map or test.
 *
 * <p>Blocks of up to 4096 bytes come from size classes and are reused when they are freed; the free list runs through
 * the free blocks themselves, so that neither {@link #tryAllocate} nor {@link #free} of such a block makes a Java
 * object. Larger blocks are page-aligned regions of their own, whose pages go back to the system when they are freed. A
 * new block is zero-filled.
 *
 * <p>A block is freed with the size it was asked for. An arena counts what its callers asked for, rounded up to the
 * size class, against its limit. All methods may be called from any thread.
 */
public final class GuestArena implements AutoCloseable {
    private static final int[] CLASS_SIZES = {
        16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096
    };
    private static final byte[] CLASS_BY_SIXTEENTHS = classBySixteenths();
    private static final int LARGEST_CLASS_SIZE = 4096;
    private static final long CHUNK_SIZE = 256 << 10;

    private final String name;
    private final long limitBytes;
    private final AddressSpace space;
    private final long[] freeBlockByClass = new long[CLASS_SIZES.length];
    private final Map<Long, Long> regionSizeByAddress = new HashMap<>();
    private long chunkPosition;
    private long chunkEnd;
    private long usedBytes;
    private long peakBytes;
    private boolean closed;

    /** An arena that may hand out all there is. */
    public GuestArena(String name) {
        this(name, Long.MAX_VALUE);
    }

    /**
     * An arena with a limit.
     *
     * @param name names the arena in messages
     * @param limitBytes the most that may be in use at a time
     */
    public GuestArena(String name, long limitBytes) {
        this(name, limitBytes, AddressSpace.GUEST);
    }

    GuestArena(String name, long limitBytes, AddressSpace space) {
        this.name = name;
        this.limitBytes = limitBytes;
        this.space = space;
    }

    private static byte[] classBySixteenths() {
        byte[] classes = new byte[LARGEST_CLASS_SIZE / 16 + 1];
        int sizeClass = 0;
        for (int sixteenths = 0; sixteenths < classes.length; sixteenths++) {
            if (sixteenths * 16 > CLASS_SIZES[sizeClass]) {
                sizeClass++;
            }
            classes[sixteenths] = (byte) sizeClass;
        }
        return classes;
    }

    /** Allocates a zero-filled block aligned to 16 bytes; see {@link #allocate(long, long)}. */
    public long allocate(long sizeBytes) {
        return allocate(sizeBytes, 16);
    }

    /**
     * Allocates a zero-filled block.
     *
     * @param sizeBytes at least 1
     * @param alignment a power of two
     * @return its address
     * @throws GuestMemoryExhaustedException where the limit or the address space is used up
     */
    public long allocate(long sizeBytes, long alignment) {
        long address = tryAllocate(sizeBytes, alignment);
        if (address == 0) {
            throw new GuestMemoryExhaustedException("guest memory of " + name + " is used up: " + sizeBytes
                    + " bytes wanted, " + usedBytes() + " in use, "
                    + (limitBytes == Long.MAX_VALUE ? "no limit" : "limit " + limitBytes) + ", "
                    + space.freeBytes() + " free in the address space");
        }
        return address;
    }

    /** Like {@link #allocate(long, long)}, but returns 0 where nothing is left. */
    public synchronized long tryAllocate(long sizeBytes, long alignment) {
        if (closed) {
            throw new IllegalStateException("arena " + name + " is closed");
        }
        if (sizeBytes <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException("block of " + sizeBytes + " bytes aligned to " + alignment);
        }
        long rounded = Math.max(sizeBytes, alignment);
        return rounded > LARGEST_CLASS_SIZE
                ? allocateRegion(sizeBytes, Math.max(alignment, GuestMemory.PAGE_SIZE))
                : allocateBlock(sizeClass(sizeBytes, alignment));
    }

    /** The smallest class whose blocks, laid side by side from a page boundary, are large and aligned enough. */
    private static int sizeClass(long sizeBytes, long alignment) {
        int sizeClass = CLASS_BY_SIXTEENTHS[(int) ((sizeBytes + 15) >> 4)];
        while ((CLASS_SIZES[sizeClass] & (alignment - 1)) != 0) {
            sizeClass++;
        }
        return sizeClass;
    }

    private long allocateBlock(int sizeClass) {
        int size = CLASS_SIZES[sizeClass];
        if (size > limitBytes - usedBytes) {
            return 0;
        }
        long address = freeBlockByClass[sizeClass];
        if (address != 0) {
            freeBlockByClass[sizeClass] = GuestMemory.getLong(address);
            GuestMemory.fill(address, size, (byte) 0);
        } else {
            address = carve(size);
        }
        if (address != 0) {
            charge(size);
        }
        return address;
    }

    private long carve(int size) {
        // A block starts at a multiple of its size from a page boundary, or of its largest power of two.
        long alignment = Integer.lowestOneBit(size);
        long start = (chunkPosition + alignment - 1) & -alignment;
        if (size > chunkEnd - start) {
            start = takeRegion(CHUNK_SIZE, GuestMemory.PAGE_SIZE);
            if (start == 0) {
                return 0;
            }
            chunkEnd = start + CHUNK_SIZE;
        }
        chunkPosition = start + size;
        return start;
    }

    private long allocateRegion(long sizeBytes, long alignment) {
        long size = AddressSpace.pages(sizeBytes);
        if (size <= 0 || size > limitBytes - usedBytes) {
            return 0;
        }
        long address = takeRegion(size, alignment);
        if (address != 0) {
            charge(size);
        }
        return address;
    }

    private long takeRegion(long size, long alignment) {
        long address = space.take(size, alignment);
        if (address != 0) {
            regionSizeByAddress.put(address, size);
        }
        return address;
    }

    private void charge(long size) {
        usedBytes += size;
        peakBytes = Math.max(peakBytes, usedBytes);
    }

    /** Frees a block that was allocated with 16-byte alignment; see {@link #free(long, long, long)}. */
    public void free(long address, long sizeBytes) {
        free(address, sizeBytes, 16);
    }

    /**
     * Frees a block.
     *
     * @param address what {@code allocate} returned
     * @param sizeBytes the size that was asked for
     * @param alignment the alignment that was asked for
     */
    public synchronized void free(long address, long sizeBytes, long alignment) {
        if (closed) {
            throw new IllegalStateException("arena " + name + " is closed");
        }
        if (Math.max(sizeBytes, alignment) > LARGEST_CLASS_SIZE) {
            Long size = regionSizeByAddress.get(address);
            if (size == null || size != AddressSpace.pages(sizeBytes)) {
                throw new IllegalArgumentException("arena " + name + " has no region of " + sizeBytes + " bytes at 0x"
                        + Long.toHexString(address));
            }
            regionSizeByAddress.remove(address);
            space.giveBack(address, size);
            usedBytes -= size;
            return;
        }
        int sizeClass = sizeClass(sizeBytes, alignment);
        GuestMemory.putLong(address, freeBlockByClass[sizeClass]);
        freeBlockByClass[sizeClass] = address;
        usedBytes -= CLASS_SIZES[sizeClass];
    }

    /** The arena's name. */
    public String name() {
        return name;
    }

    /** The bytes in use now. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** The most bytes that were in use at a time. */
    public synchronized long peakBytes() {
        return peakBytes;
    }

    /** The most bytes that may be in use at a time. */
    public long limitBytes() {
        return limitBytes;
    }

    /** The contents of an arena's blocks at a moment; see {@link #save}. */
    public static final class Image {
        private final long[] addresses;
        private final byte[][] contents;
        private final long[] freeBlockByClass;
        private final long chunkPosition;
        private final long chunkEnd;
        private final long usedBytes;

        private Image(GuestArena arena, long[] addresses, byte[][] contents) {
            this.addresses = addresses;
            this.contents = contents;
            this.freeBlockByClass = arena.freeBlockByClass.clone();
            this.chunkPosition = arena.chunkPosition;
            this.chunkEnd = arena.chunkEnd;
            this.usedBytes = arena.usedBytes;
        }
    }

    /**
     * Copies all blocks.
     *
     * @param mostBytes how large they may be in all
     * @return null where they are larger
     */
    public synchronized @Nullable Image save(long mostBytes) {
        long[] addresses = regionSizeByAddress.keySet().stream()
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        byte[][] contents = new byte[addresses.length][];
        long total = 0;
        for (int i = 0; i < addresses.length; i++) {
            long size = usedOf(addresses[i]);
            total += size;
            if (total > mostBytes) {
                return null;
            }
            contents[i] = GuestMemory.bytes(addresses[i], (int) size);
        }
        return new Image(this, addresses, contents);
    }

    private long usedOf(long address) {
        long size = regionSizeByAddress.getOrDefault(address, 0L);
        return address + CHUNK_SIZE == chunkEnd ? chunkPosition - address : size;
    }

    /** Makes all blocks as they were saved, and frees those that are newer. */
    public synchronized void restore(Image image) {
        for (int i = 0; i < image.addresses.length; i++) {
            GuestMemory.copyIn(image.contents[i], 0, image.addresses[i], image.contents[i].length);
        }
        // What was carved from the chunk since then is to be zero when it is carved again.
        long dirtyEnd = chunkEnd == image.chunkEnd ? chunkPosition : image.chunkEnd;
        if (dirtyEnd > image.chunkPosition) {
            GuestMemory.fill(image.chunkPosition, dirtyEnd - image.chunkPosition, (byte) 0);
        }
        if (regionSizeByAddress.size() > image.addresses.length) {
            regionSizeByAddress.entrySet().removeIf(region -> {
                boolean newer = Arrays.binarySearch(image.addresses, region.getKey()) < 0;
                if (newer) {
                    space.giveBack(region.getKey(), region.getValue());
                }
                return newer;
            });
        }
        System.arraycopy(image.freeBlockByClass, 0, freeBlockByClass, 0, freeBlockByClass.length);
        chunkPosition = image.chunkPosition;
        chunkEnd = image.chunkEnd;
        usedBytes = image.usedBytes;
    }

    /** Frees every block. Closing twice does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        regionSizeByAddress.forEach(space::giveBack);
        regionSizeByAddress.clear();
        Arrays.fill(freeBlockByClass, 0);
        usedBytes = 0;
        chunkPosition = 0;
        chunkEnd = 0;
    }
}
