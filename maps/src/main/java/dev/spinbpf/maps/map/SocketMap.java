package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_SOCKMAP}, {@code SOCKHASH}, {@code XSKMAP} and {@code REUSEPORT_SOCKARRAY}: they hold sockets, of
 * which the machine has none. Programs find nothing in them, and no descriptor of user space names a socket.
 */
final class SocketMap extends BpfMap {
    private static final int SOCKET_COOKIE_SIZE = 8;

    SocketMap(CheckedMapDef definition) {
        super(definition);
    }

    private boolean has(long key) {
        return (GuestMemory.getInt(key) & 0xffff_ffffL) < maxEntries();
    }

    @Override
    public long entryCount() {
        return 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        if (type() == MapType.XSKMAP || type() == MapType.REUSEPORT_SOCKARRAY) {
            if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0) {
                return -EINVAL;
            }
            if (!has(key)) {
                return -E2BIG;
            }
        }
        boolean isWide = valueSize == SOCKET_COOKIE_SIZE;
        boolean isDescriptor = !isWide || GuestMemory.getLong(value) >>> 31 == 0;
        return isDescriptor ? -EBADF : -EINVAL;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return switch (type()) {
            case SOCKHASH -> -ENOENT;
            case XSKMAP -> has(key) ? 0 : -EINVAL;
            case REUSEPORT_SOCKARRAY -> has(key) ? -ENOENT : -E2BIG;
            default -> -EINVAL;
        };
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        if (type() == MapType.XSKMAP) {
            return -EOPNOTSUPP;
        }
        return valueSize == SOCKET_COOKIE_SIZE ? -ENOENT : -ENOSPC;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return type() == MapType.SOCKHASH ? -ENOENT : ArrayKeys.next((int) maxEntries(), key, nextKey);
    }
}
