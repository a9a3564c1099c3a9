package dev.spinbpf.maps.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The guest's address space, and the way it was obtained.
 *
 * <p>On 64-bit Linux by {@code mmap(MAP_NORESERVE)}, which costs nothing until pages are touched and releases pages
 * with {@code madvise(MADV_DONTNEED)}. Elsewhere, or where that fails, by mapping a sparse temporary file, and as a
 * last resort by an ordinary native allocation. Each is tried with a quarter of the size after it failed.
 *
 * @param segment the whole space, zero-filled, alive as long as the JVM
 * @param kind the way it was obtained
 * @param madvise the function that releases pages, where there is one
 * @param sandbox all addresses of 32 bits with a margin around them, where that much is reserved
 */
record Reservation(
        MemorySegment segment,
        Kind kind,
        @Nullable MethodHandle madvise,
        @Nullable MemorySegment sandbox) {
    /** Bytes before guest address 0 and after the last address of 32 bits: more than an offset of 16 bits reaches. */
    static final int MARGIN = 1 << 16;

    private static final long NARROW_END = 1L << 32;
    private static final long DEFAULT_SIZE = 64L << 30;
    private static final long LEAST_DEFAULT_SIZE = 1L << 30;
    private static final long SMALLEST_SIZE = 16L << 20;
    private static final long LARGEST_ALLOCATION = 256L << 20;

    private static final int PROT_READ_WRITE = 0x1 | 0x2;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final int MADV_DONTNEED = 4;
    private static final long MAP_FAILED = -1;

    enum Kind {
        MMAP,
        FILE,
        HEAP
    }

    static Reservation ofProperty() {
        String property = System.getProperty(GuestMemory.SIZE_PROPERTY);
        if (property == null) {
            return ofSize(defaultSize(PhysicalMemory.bytes()));
        }
        long wanted;
        try {
            wanted = Long.parseLong(property);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "system property " + GuestMemory.SIZE_PROPERTY + " must be a number of bytes, not: " + property, e);
        }
        return ofSize(wanted);
    }

    /**
     * Three quarters of the machine's memory, at most 64 GiB and at least 1 GiB: maps that want more are refused,
     * rather than that the system ends the process when they are filled.
     */
    static long defaultSize(long physicalBytes) {
        return Math.clamp(physicalBytes / 4 * 3, LEAST_DEFAULT_SIZE, DEFAULT_SIZE);
    }

    /** Reserves {@code wanted} bytes (rounded to pages, at least 16 MiB), or less where so much is not to be had. */
    static Reservation ofSize(long wanted) {
        long start = Math.max(wanted, SMALLEST_SIZE) & -GuestMemory.PAGE_SIZE;
        for (long size = start; size >= SMALLEST_SIZE; size = (size >> 2) & -GuestMemory.PAGE_SIZE) {
            Optional<Reservation> mapped = mmap(size);
            if (mapped.isPresent()) {
                return mapped.get();
            }
        }
        try {
            return file(start);
        } catch (IOException | RuntimeException noFile) {
            return allocation(Math.min(start, LARGEST_ALLOCATION));
        }
    }

    @SuppressWarnings("restricted")
    private static Optional<Reservation> mmap(long size) {
        if (!System.getProperty("os.name").equals("Linux") || ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
            return Optional.empty();
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> mmapSymbol = linker.defaultLookup().find("mmap");
        Optional<MemorySegment> madviseSymbol = linker.defaultLookup().find("madvise");
        if (mmapSymbol.isEmpty() || madviseSymbol.isEmpty()) {
            return Optional.empty();
        }
        var mmap = linker.downcallHandle(
                mmapSymbol.get(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        var madvise = linker.downcallHandle(
                madviseSymbol.get(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        try {
            long before = MARGIN + GuestMemory.FIRST_ADDRESS;
            long whole = before + Math.max(size, NARROW_END - GuestMemory.FIRST_ADDRESS) + MARGIN;
            long start = (long) mmap.invokeExact(0L, whole, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (start != MAP_FAILED) {
                MemorySegment all = MemorySegment.ofAddress(start).reinterpret(whole);
                MemorySegment sandbox = all.asSlice(0, MARGIN + NARROW_END + MARGIN);
                return Optional.of(new Reservation(all.asSlice(before, size), Kind.MMAP, madvise, sandbox));
            }
            long address = (long) mmap.invokeExact(0L, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (address == MAP_FAILED) {
                return Optional.empty();
            }
            MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(size);
            return Optional.of(new Reservation(segment, Kind.MMAP, madvise, null));
        } catch (Throwable e) {
            throw new LinkageError("mmap of " + size + " bytes could not be called", e);
        }
    }

    @SuppressWarnings("restricted")
    static Reservation file(long size) throws IOException {
        Path path = Files.createTempFile("spinbpf-guest", ".mem");
        Files.delete(path);
        try (var channel = FileChannel.open(
                path,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.DELETE_ON_CLOSE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return new Reservation(
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, size, Arena.global()), Kind.FILE, null, null);
        } catch (OutOfMemoryError e) {
            throw new UncheckedIOException(new IOException("cannot map " + size + " bytes of " + path, e));
        }
    }

    static Reservation allocation(long size) {
        return new Reservation(Arena.global().allocate(size, GuestMemory.PAGE_SIZE), Kind.HEAP, null, null);
    }

    String describe() {
        return kind.name().toLowerCase(java.util.Locale.ROOT) + ", " + (segment.byteSize() >> 20) + " MiB";
    }

    /** Makes whole pages read as zero again and releases them to the system where that is possible. */
    void discard(long offset, long sizeBytes) {
        MethodHandle call = madvise;
        if (call == null) {
            segment.asSlice(offset, sizeBytes).fill((byte) 0);
            return;
        }
        int result;
        try {
            result = (int) call.invokeExact(segment.address() + offset, sizeBytes, MADV_DONTNEED);
        } catch (Throwable e) {
            throw new LinkageError("madvise could not be called", e);
        }
        if (result != 0) {
            segment.asSlice(offset, sizeBytes).fill((byte) 0);
        }
    }
}
