<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What one unit of a currency is worth in another.
 *
 * @api
 */
interface RateInterface
{
    /**
     * Currency code.
     *
     * @return string
     */
    public function getFrom(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setFrom(?string $value): self;

    /**
     * Currency code.
     *
     * @return string
     */
    public function getTo(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setTo(?string $value): self;

    /**
     * Greater than zero.
     *
     * @return float
     */
    public function getRate(): ?float;

    /**
     * Set it.
     *
     * @param float|null $value
     * @return $this
     */
    public function setRate(?float $value): self;
}
