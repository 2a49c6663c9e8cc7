<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\RateInterface;

/**
 * What one unit of a currency is worth in another.
 */
class Rate implements RateInterface
{
    /**
     * @param string|null $from
     * @param string|null $to
     * @param float|null $rate
     */
    public function __construct(
        private ?string $from = null,
        private ?string $to = null,
        private ?float $rate = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getFrom(): ?string
    {
        return $this->from;
    }

    /**
     * @inheritDoc
     */
    public function setFrom(?string $value): self
    {
        $this->from = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getTo(): ?string
    {
        return $this->to;
    }

    /**
     * @inheritDoc
     */
    public function setTo(?string $value): self
    {
        $this->to = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getRate(): ?float
    {
        return $this->rate;
    }

    /**
     * @inheritDoc
     */
    public function setRate(?float $value): self
    {
        $this->rate = $value;
        return $this;
    }
}
