<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\ApplyResultInterface;

/**
 * What a batch came to.
 */
class ApplyResult implements ApplyResultInterface
{
    /**
     * @param bool $applied
     * @param int $revision
     * @param string $checksum
     * @param int $changed
     * @param int $unchanged
     * @param int $failed
     * @param string[] $cleanedCaches
     * @param int $durationMs
     * @param \StoreController\Bridge\Api\Data\ConfigResultInterface[] $results
     */
    public function __construct(
        private readonly bool $applied,
        private readonly int $revision,
        private readonly string $checksum,
        private readonly int $changed,
        private readonly int $unchanged,
        private readonly int $failed,
        private readonly array $cleanedCaches,
        private readonly int $durationMs,
        private readonly array $results
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getApplied(): bool
    {
        return $this->applied;
    }

    /**
     * @inheritDoc
     */
    public function getRevision(): int
    {
        return $this->revision;
    }

    /**
     * @inheritDoc
     */
    public function getChecksum(): string
    {
        return $this->checksum;
    }

    /**
     * @inheritDoc
     */
    public function getChanged(): int
    {
        return $this->changed;
    }

    /**
     * @inheritDoc
     */
    public function getUnchanged(): int
    {
        return $this->unchanged;
    }

    /**
     * @inheritDoc
     */
    public function getFailed(): int
    {
        return $this->failed;
    }

    /**
     * @inheritDoc
     */
    public function getCleanedCaches(): array
    {
        return $this->cleanedCaches;
    }

    /**
     * @inheritDoc
     */
    public function getDurationMs(): int
    {
        return $this->durationMs;
    }

    /**
     * @inheritDoc
     */
    public function getResults(): array
    {
        return $this->results;
    }
}
