<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\CheckInterface;

/**
 * One thing that was looked at.
 */
class Check implements CheckInterface
{
    /**
     * @param string $name
     * @param bool $ok
     * @param int $ms
     * @param string|null $detail
     */
    public function __construct(
        private readonly string $name,
        private readonly bool $ok,
        private readonly int $ms,
        private readonly ?string $detail = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getName(): string
    {
        return $this->name;
    }

    /**
     * @inheritDoc
     */
    public function getOk(): bool
    {
        return $this->ok;
    }

    /**
     * @inheritDoc
     */
    public function getMs(): int
    {
        return $this->ms;
    }

    /**
     * @inheritDoc
     */
    public function getDetail(): ?string
    {
        return $this->detail;
    }
}
